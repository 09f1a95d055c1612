//! A connection that remembers how it was lost.

use graphql_ws_client::{Connection, Error, Message};
use std::sync::{Arc, OnceLock};

/// Remembers a close of the server, or the loss of the connection. graphql-ws-client 0.13 ends a stream in the same way for
/// these, whatever the close code, and for a subscription that the server has completed.
pub struct WatchedConnection<C> {
    connection: C,
    lost: Arc<OnceLock<String>>,
}

impl<C: Connection> WatchedConnection<C> {
    /// Returns the connection and the place where its loss is remembered.
    pub fn new(connection: C) -> (Self, Arc<OnceLock<String>>) {
        let lost = Arc::new(OnceLock::new());
        (Self { connection, lost: lost.clone() }, lost)
    }
}

impl<C: Connection + Send> Connection for WatchedConnection<C> {
    async fn receive(&mut self) -> Option<Message> {
        let message = self.connection.receive().await;
        let lost = match &message {
            Some(Message::Close { code, reason }) => {
                format!("closed with {}: {}", code.unwrap_or_default(), reason.as_deref().unwrap_or_default())
            }
            None => "the connection was lost".to_owned(),
            Some(_) => return message,
        };
        self.lost.get_or_init(|| lost);
        message
    }

    async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.connection.send(message).await
    }
}

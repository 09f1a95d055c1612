//! Does with code that graphql_client generated what ../../README.md asks of a client.

mod operations;
mod watched_connection;

use futures_lite::StreamExt;
use graphql_client::{GraphQLQuery, Response};
use graphql_ws_client::{Client, graphql::StreamingOperation};
use operations::*;
use serde_json::json;
use std::env::var;
use std::error::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use watched_connection::WatchedConnection;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    if let Ok(watched) = var("PINQL_WATCH") {
        return watch(&watched).await;
    }
    let meta = StringMap::from([("client".into(), "rust".into())]);
    let one = add("album 1", "bafkqab3bnrrhk3jage", Some(&meta)).await?;
    let two = add("album 2", "bafkqab3bnrrhk3jagi", Some(&meta)).await?;
    let three = add("album 3", "bafkqab3bnrrhk3jagm", Some(&meta)).await?;
    let other = add("other", "bafkqablporugk4q", None).await?;

    let pages = list("album").await?;
    let read = data(read(Some(&one.id), None).await?)?.pin.ok_or("no pin")?.name;

    let cid = Some("bafkqadlbnrrhk3jagiqgcz3bnfxa".to_owned());
    let replaced = replace(replace_pin::ReplacePinInput { id: two.id, cid, ..Default::default() }).await?;
    let name = Some("album three".to_owned());
    let renamed = replace(replace_pin::ReplacePinInput { id: three.id, name, ..Default::default() }).await?;
    let input = remove_pin::RemovePinInput { id: other.id.clone() };
    let removed = data(send::<RemovePin>(remove_pin::Variables { input }).await?)?.remove_pin;

    let refused = try_to_add("refused", "no cid", None).await?.error.ok_or("no error")?;
    let missing = self::read(Some(&other.id), None).await?;
    let errors = [
        format!("{}:{}", refused.code, refused.argument.unwrap_or_default()),
        format!("{}:{}", extension(&missing, "code"), extension(&missing, "service")),
    ];
    let mut unknown = vec![];
    if var("PINQL_TODAY")? == "0" {
        let added = try_to_add("over quota", "bafkqablporugk4q", None).await?.error.ok_or("no error")?;
        unknown.push(reaction(&added.code));
        unknown.push(reaction(&extension(&self::read(None, Some("over-quota")).await?, "code")));
    }

    let id = add("followed", "bafkqacdgn5wgy33xmvsa", None).await?.id;
    let kinds = vec![follow_pins::PinEventKind::SNAPSHOT, follow_pins::PinEventKind::STATUS_CHANGED];
    let followed = [follow(&id, None).await?, follow(&id, Some(kinds)).await?];

    let facts = json!({
        "client": "rust",
        "pages": pages,
        "read": read,
        "replaced": { "name": replaced.name, "meta": replaced.meta, "cid": replaced.cid },
        "renamed": {
            "name": renamed.name,
            "cidKept": renamed.cid == three.cid,
            "metaKept": renamed.meta == meta,
        },
        "removed": removed.error.is_none() && removed.pin_id == Some(other.id),
        "errors": errors,
        "unknown": unknown,
        "followed": followed,
    });
    println!("{facts}");
    Ok(())
}

async fn add(name: &str, cid: &str, meta: Option<&StringMap>) -> Outcome<add_pin::PinParts> {
    let answer = try_to_add(name, cid, meta).await?;
    answer.pin.ok_or_else(|| format!("{:?}", answer.error).into())
}

async fn try_to_add(name: &str, cid: &str, meta: Option<&StringMap>) -> Outcome<add_pin::AddPinAddPin> {
    let input =
        add_pin::AddPinInput { cid: cid.into(), name: Some(name.into()), meta: meta.cloned(), ..Default::default() };
    Ok(data(send::<AddPin>(add_pin::Variables { input }).await?)?.add_pin)
}

async fn replace(input: replace_pin::ReplacePinInput) -> Outcome<replace_pin::PinParts> {
    let answer = data(send::<ReplacePin>(replace_pin::Variables { input }).await?)?.replace_pin;
    answer.pin.ok_or_else(|| format!("{:?}", answer.error).into())
}

async fn read(id: Option<&str>, request_id: Option<&str>) -> Outcome<Response<read_pin::ResponseData>> {
    let variables = read_pin::Variables { id: id.map(Into::into), request_id: request_id.map(Into::into) };
    send::<ReadPin>(variables).await
}

async fn list(name: &str) -> Outcome<Vec<Vec<Option<String>>>> {
    let mut pages = vec![];
    let mut after = None;
    loop {
        let filter = list_pins::PinFilter {
            name: Some(name.into()),
            match_: Some(list_pins::NameMatch::PARTIAL),
            ..Default::default()
        };
        let variables = list_pins::Variables { filter: Some(filter), first: Some(2), after };
        let page = data(send::<ListPins>(variables).await?)?.pins;
        pages.push(page.nodes.into_iter().map(|pin| pin.name).collect());
        if !page.page_info.has_next_page {
            return Ok(pages);
        }
        after = page.page_info.end_cursor;
    }
}

/// Reads events until the pin is pinned, then leaves.
async fn follow(id: &str, kinds: Option<Vec<follow_pins::PinEventKind>>) -> Outcome<follow_pins::PinStatus> {
    let variables = follow_pins::Variables { ids: vec![id.into()], kinds };
    let operation = StreamingOperation::<FollowPins>::new(variables);
    let mut events = Client::build(connect().await?).subscribe(operation).await?;
    while let Some(event) = events.next().await {
        let pin = data(event?)?.pin_status_changed.pin;
        if let Some(pin) = pin.filter(|pin| pin.status == follow_pins::PinStatus::PINNED) {
            return Ok(pin.status);
        }
    }
    Err("the subscription ended".into())
}

/// Prints each status of a pin until the server ends the subscription. A lost connection is an error.
async fn watch(id: &str) -> Outcome<()> {
    let operation = StreamingOperation::<FollowPins>::new(follow_pins::Variables { ids: vec![id.into()], kinds: None });
    let (connection, lost) = WatchedConnection::new(connect().await?);
    let mut events = Client::build(connection).subscribe(operation).await?;
    while let Some(event) = events.next().await {
        if let Some(pin) = data(event?)?.pin_status_changed.pin {
            println!("{:?}", pin.status);
        }
    }
    match lost.get() {
        Some(lost) => Err(lost.clone().into()),
        None => Ok(()),
    }
}

async fn connect() -> Outcome<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    let mut request = var("PINQL_WS_URL")?.into_client_request()?;
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    Ok(connect_async(request).await?.0)
}

/// Sends one operation; errors of GraphQL are part of the answer.
async fn send<Q: GraphQLQuery>(variables: Q::Variables) -> Outcome<Response<Q::ResponseData>> {
    let request = reqwest::Client::new().post(var("PINQL_URL")?).json(&Q::build_query(variables));
    Ok(request.send().await?.json().await?)
}

fn data<T>(answer: Response<T>) -> Outcome<T> {
    match answer.errors {
        Some(errors) => Err(format!("{errors:?}").into()),
        None => answer.data.ok_or("neither data nor errors".into()),
    }
}

/// The text at a key of the first error's extensions.
fn extension<T>(answer: &Response<T>, key: &str) -> String {
    let extensions = answer.errors.as_ref().and_then(|errors| errors.first()?.extensions.as_ref());
    extensions.and_then(|all| all.get(key)?.as_str()).unwrap_or_default().into()
}

/// Returns the program's response to an error code. Unknown codes take the last branch.
fn reaction(code: &str) -> String {
    let branch = match code {
        "RATE_LIMITED" | "SERVICE_UNAVAILABLE" => "RETRY",
        "BAD_REQUEST" | "PIN_NOT_FOUND" => "GIVE UP",
        _ => "OTHER",
    };
    format!("{code}->{branch}")
}

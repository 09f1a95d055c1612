//! One module per operation of ../../operations.graphql, generated while this crate is compiled.

use graphql_client::GraphQLQuery;
use std::collections::BTreeMap;

pub type CID = String;
pub type Cursor = String;
pub type DateTime = String;
pub type Multiaddr = String;
pub type StringMap = BTreeMap<String, String>;

macro_rules! operation {
    ($name:ident) => {
        #[derive(GraphQLQuery)]
        #[graphql(
            schema_path = "../../../schema.graphql",
            query_path = "../operations.graphql",
            response_derives = "Debug, PartialEq, Serialize",
            variables_derives = "Default"
        )]
        pub struct $name;
    };
}
operation!(ListPins);
operation!(ReadPin);
operation!(AddPin);
operation!(ReplacePin);
operation!(RemovePin);
operation!(FollowPins);

//! Portability does not rot: every table and every statement of every room on a real PostgreSQL.

#![expect(
    clippy::disallowed_methods,
    reason = "the address comes from the test command"
)]

use ringback_store::{SCHEMAS, Schema, Sql, statements};
use tokio_postgres::{Client, NoTls};

/// Tables and statements of a room.
type Room = (Schema, fn() -> Vec<Sql>);

/// Every room above the store; a new room with tables of its own is added here.
const ROOMS: [Room; 7] = [
    (ringback_deliver::records::SCHEMA, || {
        ringback_deliver::records::STATEMENTS.to_vec()
    }),
    (ringback_gateway::records::SCHEMA, || {
        ringback_gateway::records::STATEMENTS.to_vec()
    }),
    (ringback_feishu::records::SCHEMA, || {
        ringback_feishu::records::STATEMENTS.to_vec()
    }),
    (ringback_archive::SCHEMA, || {
        ringback_archive::statements().collect()
    }),
    (ringback_desk::records::SCHEMA, || {
        ringback_desk::records::statements().collect()
    }),
    (ringback_zone::records::SCHEMA, || {
        ringback_zone::records::statements().collect()
    }),
    (ringback_http::records::SCHEMA, || {
        ringback_http::records::STATEMENTS.to_vec()
    }),
];

#[tokio::test]
async fn every_table_and_statement_of_every_room_is_taken_by_postgresql() {
    let server = std::env::var("RINGBACK_TEST_POSTGRES")
        .expect("a PostgreSQL to prepare on: run `cargo xtask test`, which starts one");
    let (client, connection) = tokio_postgres::connect(&server, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client
        .batch_execute("CREATE SCHEMA rooms; SET search_path TO rooms")
        .await
        .unwrap();

    let mut refused = Vec::new();
    for schema in SCHEMAS.iter().chain(ROOMS.iter().map(|(schema, _)| schema)) {
        refused.extend(make(&client, schema).await);
    }
    assert_eq!(refused, [""; 0], "tables");
    let rooms = ROOMS.iter().flat_map(|(_, statements)| statements());
    for sql in statements().chain(rooms) {
        if let Err(error) = client.prepare(sql.text()).await {
            refused.push(said(sql.text(), &error));
        }
    }
    assert_eq!(refused, [""; 0], "statements");

    client
        .batch_execute("DROP SCHEMA rooms CASCADE")
        .await
        .unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

/// Makes a room's tables; answers what was refused.
async fn make(client: &Client, schema: &Schema) -> Vec<String> {
    let mut refused = Vec::new();
    for step in schema.steps {
        let sql = Schema::for_postgres(step);
        if let Err(error) = client.batch_execute(&sql).await {
            refused.push(said(&sql, &error));
        }
    }
    refused
}

fn said(sql: &str, error: &tokio_postgres::Error) -> String {
    let cause = error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    format!("{cause}: {sql}")
}

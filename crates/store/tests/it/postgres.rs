//! Portability does not rot: every statement of the store is prepared on a real PostgreSQL.

#![expect(
    clippy::disallowed_methods,
    reason = "the address comes from the test command"
)]

use ringback_store::{SCHEMAS, Schema, statements};

#[tokio::test]
async fn every_statement_of_the_store_is_prepared_on_postgresql() {
    let server = std::env::var("RINGBACK_TEST_POSTGRES")
        .expect("a PostgreSQL to prepare on: run `cargo xtask test`, which starts one");
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client
        .batch_execute("DROP SCHEMA IF EXISTS store_check CASCADE; CREATE SCHEMA store_check; SET search_path TO store_check")
        .await
        .unwrap();
    for schema in SCHEMAS {
        for step in schema.steps {
            client
                .batch_execute(&Schema::for_postgres(step))
                .await
                .unwrap();
        }
    }
    for sql in statements() {
        if let Err(error) = client.prepare(sql.text()).await {
            panic!("PostgreSQL refuses {:?}: {error:?}", sql.text());
        }
    }
    drop(client);
    connection.await.unwrap().unwrap();
}

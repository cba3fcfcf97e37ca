//! The record's tables and statements.
//!
//! Budget (design, section 4): accept = one event row, one delivery row per endpoint, at most six
//! index entries (`event_dedupe`, `event_type`, `event_source`, `delivery_queue` or `delivery_running`, `delivery_event`,
//! `delivery_endpoint`); a first-try success = one attempt row and one update.

use crate::schema::Schema;

/// The record's tables. The partial indexes spell their states out with `OR`: `IN` would make SQLite
/// build a table of the words at every insert and update, and a query finds an index only under the
/// same words. Ids grow with time, so every index but `event_dedupe` grows at its right edge
/// and a commit touches few pages.
pub(crate) const SCHEMA: Schema = Schema {
    room: "record",
    steps: &["CREATE TABLE event (
         id {id},
         kind TEXT NOT NULL CHECK (kind = 'event' OR kind = 'call'),
         source {int} NOT NULL,
         type TEXT NOT NULL,
         app TEXT,
         dedupe TEXT,
         headers TEXT,
         body_bytes {int} NOT NULL,
         body {bytes},
         raw {bytes}
     ) {strict};
     CREATE UNIQUE INDEX event_dedupe ON event (source, dedupe) WHERE dedupe IS NOT NULL;
     CREATE INDEX event_type ON event (type, id);
     CREATE INDEX event_source ON event (source, id);
     CREATE TABLE delivery (
         id {id},
         event {int} NOT NULL,
         endpoint {int} NOT NULL,
         state TEXT NOT NULL CHECK (state = 'due' OR state = 'running' OR state = 'delivered'
             OR state = 'held' OR state = 'dead' OR state = 'cancelled'),
         due_at {int} NOT NULL,
         epoch {int} NOT NULL,
         attempts {int} NOT NULL,
         rung {int} NOT NULL,
         status {int},
         reason TEXT,
         order_key TEXT,
         order_number {int},
         replay_of {int}
     ) {strict};
     CREATE INDEX delivery_queue ON delivery (endpoint, due_at) WHERE state = 'due';
     CREATE INDEX delivery_running ON delivery (endpoint, epoch) WHERE state = 'running';
     CREATE INDEX delivery_event ON delivery (event);
     CREATE INDEX delivery_endpoint ON delivery (endpoint, id);
     CREATE INDEX delivery_trouble ON delivery (id) WHERE attempts > 1 OR state = 'dead';
     CREATE INDEX delivery_order ON delivery (endpoint, order_key, order_number)
         WHERE order_key IS NOT NULL AND (state = 'due' OR state = 'running' OR state = 'held');
     CREATE TABLE attempt (
         delivery {int} NOT NULL,
         number {int} NOT NULL,
         started_at {int} NOT NULL,
         duration_us {int} NOT NULL,
         outcome TEXT NOT NULL CHECK (outcome = 'delivered' OR outcome = 'failed'),
         status {int},
         failure TEXT,
         detail TEXT,
         target TEXT,
         request_headers TEXT,
         response_headers TEXT,
         response_body {bytes},
         response_cut {int} NOT NULL,
         PRIMARY KEY (delivery, number)
     ) {without_rowid}"],
};

crate::statements! {
    in pub(super),

    /// Nothing is inserted where the source has seen the key already.
    INSERT_EVENT = "INSERT INTO event (id, kind, source, type, app, dedupe, headers, body_bytes, body, raw)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (source, dedupe) WHERE dedupe IS NOT NULL DO NOTHING";
    FIND_DUPLICATE = "SELECT id FROM event WHERE source = $1 AND dedupe = $2";
    INSERT_DELIVERY = "INSERT INTO delivery
        (id, event, endpoint, state, due_at, epoch, attempts, rung, status, reason, order_key, order_number, replay_of)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12)";
    /// The last number of an order key that is not final; nothing is behind nothing.
    LAST_IN_ORDER = "SELECT MAX(order_number) FROM delivery
        WHERE endpoint = $1 AND order_key = $2 AND (state = 'due' OR state = 'running' OR state = 'held')";

    /// Due now, oldest due time first. Running rows stand in an index of their own, so that this looks
    /// at no row that it does not take.
    CLAIMABLE = "SELECT id FROM delivery WHERE endpoint = $1 AND state = 'due' AND due_at <= $2
        ORDER BY due_at, id LIMIT $3";
    /// What ran in an epoch that is over, whatever the clock says.
    INTERRUPTED = "SELECT id FROM delivery WHERE endpoint = $1 AND state = 'running' AND epoch < $2 LIMIT $3";
    CLAIM = "UPDATE delivery SET state = 'running', epoch = $2 WHERE id = $1";
    READ_CLAIMED = "SELECT d.id, d.event, d.endpoint, d.state, d.due_at, d.attempts, d.rung, d.status,
            d.reason, d.order_key, d.replay_of,
            e.kind, e.source, e.type, e.app, e.dedupe, e.headers, e.body_bytes, e.body, e.raw
        FROM delivery d JOIN event e ON e.id = d.event WHERE d.id = $1";
    /// The earliest due time of an endpoint.
    NEXT_DUE = "SELECT MIN(due_at) FROM delivery WHERE endpoint = $1 AND state = 'due'";
    /// Only while the claim still holds.
    FINISH = "UPDATE delivery SET state = $3, due_at = $4, attempts = $5, rung = $6, status = $7, reason = $8
        WHERE id = $1 AND state = 'running' AND epoch = $2";
    INSERT_ATTEMPT = "INSERT INTO attempt
        (delivery, number, started_at, duration_us, outcome, status, failure, detail, target,
         request_headers, response_headers, response_body, response_cut)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    /// The lowest number that waits behind a final one becomes due.
    FIND_SUCCESSOR = "SELECT id FROM delivery
        WHERE endpoint = $1 AND order_key = $2 AND state = 'held'
            AND NOT EXISTS (SELECT 1 FROM delivery h WHERE h.endpoint = $1 AND h.order_key = $2
                AND (h.state = 'due' OR h.state = 'running'))
        ORDER BY order_number LIMIT 1";
    RELEASE = "UPDATE delivery SET state = 'due', due_at = $2, rung = $3 WHERE id = $1 AND state = 'held'";
    /// Gives a claim back untried.
    UNCLAIM = "UPDATE delivery SET state = 'due', due_at = $3 WHERE id = $1 AND state = 'running' AND epoch = $2";

    CANCEL = "UPDATE delivery SET state = 'cancelled', reason = 'cancelled' WHERE id = $1 AND (state = 'due' OR state = 'held')";
    READ_DELIVERY = "SELECT id, event, endpoint, state, due_at, attempts, rung, status, reason, order_key, replay_of
        FROM delivery WHERE id = $1";
    READ_DELIVERIES = "SELECT id, event, endpoint, state, due_at, attempts, rung, status, reason, order_key, replay_of
        FROM delivery WHERE event = $1 ORDER BY id LIMIT 1000";
    READ_EVENT = "SELECT id, kind, source, type, app, dedupe, headers, body_bytes, body, raw FROM event WHERE id = $1";
    READ_ATTEMPTS = "SELECT delivery, number, started_at, duration_us, outcome, status, failure, detail, target,
            request_headers, response_headers, response_body, response_cut
        FROM attempt WHERE delivery = $1 ORDER BY number LIMIT 1000";
    COUNT_HELD = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM delivery
        WHERE order_key IS NOT NULL AND (state = 'due' OR state = 'running' OR state = 'held') AND state = 'held' LIMIT 100000) AS held";
    /// Held rows whose key has nothing under way: there must be none.
    COUNT_ORPHANS = "SELECT COUNT(*) FROM delivery d
        WHERE d.order_key IS NOT NULL AND (d.state = 'due' OR d.state = 'running' OR d.state = 'held') AND d.state = 'held'
            AND NOT EXISTS (SELECT 1 FROM delivery h WHERE h.endpoint = d.endpoint
                AND h.order_key = d.order_key AND (h.state = 'due' OR h.state = 'running'))";

    /// Old events one after the other: whether a body is there, and whether a delivery still needs it.
    OLD_EVENTS = "SELECT e.id, e.body IS NOT NULL, EXISTS (SELECT 1 FROM delivery d WHERE d.event = e.id
                AND (d.state = 'due' OR d.state = 'running' OR d.state = 'held'))
        FROM event e WHERE e.id > $1 AND e.id < $2 ORDER BY e.id LIMIT $3";
    PRUNE_BODY = "UPDATE event SET body = NULL, raw = NULL WHERE id = $1";
    PRUNE_ANSWERS = "UPDATE attempt SET response_body = NULL
        WHERE delivery IN (SELECT id FROM delivery WHERE event = $1) AND response_body IS NOT NULL";
    FORGET_ATTEMPTS = "DELETE FROM attempt WHERE delivery IN (SELECT id FROM delivery WHERE event = $1)";
    FORGET_DELIVERIES = "DELETE FROM delivery WHERE event = $1";
    FORGET_EVENT = "DELETE FROM event WHERE id = $1";
    /// Old deliveries one after the other.
    OLD_DELIVERIES = "SELECT id, endpoint, order_key, state FROM delivery
        WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3";
    EXPIRE = "UPDATE delivery SET state = 'dead', reason = 'expired'
        WHERE id = $1 AND (state = 'due' OR state = 'held')";
    /// After a clock that had jumped ahead came back: what was never tried is due now.
    PULL_DUE = "UPDATE delivery SET due_at = $2 WHERE endpoint = $1 AND state = 'due' AND attempts = 0 AND due_at > $2";
    COUNT_WAITING = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM delivery
        WHERE endpoint = $1 AND state = 'due' ORDER BY due_at LIMIT 100000) AS waiting";
    /// What is not final of a deleted endpoint; what runs in this epoch ends by itself.
    DUE_OF_ENDPOINT = "SELECT id FROM delivery WHERE endpoint = $1 AND state = 'due' ORDER BY due_at LIMIT $2";
    HELD_OF_ENDPOINT = "SELECT id FROM delivery
        WHERE endpoint = $1 AND order_key IS NOT NULL AND (state = 'due' OR state = 'running' OR state = 'held')
            AND state = 'held' LIMIT $2";
    ABANDON = "UPDATE delivery SET state = 'dead', reason = 'endpoint_deleted'
        WHERE id = $1 AND (state = 'due' OR state = 'held' OR (state = 'running' AND epoch < $2))";
    /// The next endpoint that has something due, or something running.
    NEXT_DUE_ENDPOINT = "SELECT MIN(endpoint) FROM delivery WHERE endpoint > $1 AND state = 'due'";
    NEXT_RUNNING_ENDPOINT = "SELECT MIN(endpoint) FROM delivery WHERE endpoint > $1 AND state = 'running'";
}

//! Corps, and what each has hidden of its members' chats.

use ringback_store::{Row, Statement, Store, Value};

use crate::corp::Corp;
use crate::error::LoadError;
use crate::masking::Masking;

ringback_store::statements! {
    SELECT = "SELECT corpid, name, test, created_at FROM zone_corp ORDER BY corpid";
    INSERT = "INSERT INTO zone_corp (corpid, name, test, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (corpid) DO NOTHING";
    UPDATE = "UPDATE zone_corp SET name = $2, test = $3 WHERE corpid = $1";
    DELETE = "DELETE FROM zone_corp WHERE corpid = $1";
    DELETE_MASKING = "DELETE FROM zone_masking WHERE corpid = $1";
    SET_MASKING = "INSERT INTO zone_masking (corpid, userid, mobile, idcard, bankno) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corpid, userid) DO UPDATE SET mobile = excluded.mobile, idcard = excluded.idcard, bankno = excluded.bankno";
    SELECT_MASKING = "SELECT mobile, idcard, bankno FROM zone_masking WHERE corpid = $1 AND userid = $2";
}

pub(crate) async fn load(store: &Store) -> Result<Vec<Corp>, LoadError> {
    let rows = store.read(SELECT, []).await?;
    rows.iter().map(of).collect()
}

fn of(row: &Row) -> Result<Corp, LoadError> {
    Ok(Corp {
        corpid: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        test: row.flag(2)?,
        created_at: row.time(3)?,
    })
}

pub(crate) fn insert(corp: &Corp) -> Statement {
    let values = [
        Value::from(&corp.corpid),
        Value::from(&corp.name),
        Value::from(corp.test),
        Value::from(corp.created_at),
    ];
    Statement::new(INSERT, values).expecting(1)
}

pub(crate) fn update(corp: &Corp) -> Statement {
    let values = [
        Value::from(&corp.corpid),
        Value::from(&corp.name),
        Value::from(corp.test),
    ];
    Statement::new(UPDATE, values).expecting(1)
}

pub(crate) fn delete(corpid: &str) -> [Statement; 2] {
    [
        Statement::new(DELETE, [Value::from(corpid)]).expecting(1),
        Statement::new(DELETE_MASKING, [Value::from(corpid)]),
    ]
}

pub(crate) fn set_masking(corpid: &str, userid: &str, masking: Masking) -> Statement {
    let values = [
        Value::from(corpid),
        Value::from(userid),
        Value::from(masking.hide_mobile),
        Value::from(masking.hide_idcard),
        Value::from(masking.hide_bankno),
    ];
    Statement::new(SET_MASKING, values)
}

pub(crate) async fn masking(
    store: &Store,
    corpid: &str,
    userid: &str,
) -> Result<Option<Masking>, ringback_store::ReadError> {
    let values = [Value::from(corpid), Value::from(userid)];
    let rows = store.read(SELECT_MASKING, values).await?;
    let of = |row: &Row| {
        Ok(Masking {
            hide_mobile: row.flag(0)?,
            hide_idcard: row.flag(1)?,
            hide_bankno: row.flag(2)?,
        })
    };
    rows.first().map(of).transpose()
}

//! How the original wire bytes of an event are kept in one column of the record.
//!
//! A head of `name: value` lines and an empty line as in HTTP/1.1, then the body; the query, where
//! some of it is kept, stands under a name that no header can have. Only where an endpoint's policy
//! wants `raw` (design, section 4, number 7).

use bytes::{BufMut as _, Bytes, BytesMut};
use ringback_dialect::RawRequest;

const QUERY: &str = ":query";

/// The request as one piece of bytes.
pub fn pack(request: &RawRequest) -> Bytes {
    let mut packed = BytesMut::with_capacity(request.body.len() + 256);
    if let Some(query) = &request.query {
        put_line(&mut packed, QUERY, query);
    }
    if let Some(content_type) = &request.content_type {
        put_line(&mut packed, "content-type", content_type);
    }
    for (name, value) in &request.headers {
        put_line(&mut packed, name, value);
    }
    packed.put_slice(b"\r\n");
    packed.put_slice(&request.body);
    packed.freeze()
}

/// A header that cannot stand on a line of its own is left out: it was never on the wire.
fn put_line(packed: &mut BytesMut, name: &str, value: &str) {
    if name.is_empty() || [name, value].iter().any(|text| text.contains(['\r', '\n'])) {
        return;
    }
    packed.put_slice(name.as_bytes());
    packed.put_slice(b": ");
    packed.put_slice(value.as_bytes());
    packed.put_slice(b"\r\n");
}

/// The request that was packed; `None` when these bytes were not made by [`pack`].
pub fn unpack(packed: &Bytes) -> Option<RawRequest> {
    let mut request = RawRequest {
        query: None,
        content_type: None,
        headers: Vec::new(),
        body: Bytes::new(),
    };
    let mut start = 0;
    loop {
        let length = packed[start..]
            .windows(2)
            .position(|pair| pair == b"\r\n")?;
        let line = &packed[start..start + length];
        start += length + 2;
        if line.is_empty() {
            request.body = packed.slice(start..);
            return Some(request);
        }
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(": ")?;
        if name == QUERY {
            request.query = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("content-type") && request.content_type.is_none() {
            request.content_type = Some(value.to_owned());
        } else {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_out_the_same(
            query in proptest::option::of("[!-~]{0,20}"),
            content_type in proptest::option::of("[a-z/;= -]{1,20}"),
            headers in proptest::collection::vec(("x-[a-z]{1,8}", "[ -~]{0,20}"), 0..4),
            body in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let request = RawRequest { query, content_type, headers, body: body.into() };
            prop_assert_eq!(unpack(&pack(&request)), Some(request));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpack(&bytes.into());
        }
    }
}

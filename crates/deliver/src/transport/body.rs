//! Reading an answer up to its cap, and naming what goes wrong meanwhile.

use std::io::ErrorKind;

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::failure::{Stage, TransportFailure};
use crate::seam::Answer;

/// Reads the body up to `cap` bytes; what lies beyond stays unread, and the connection is closed.
pub(crate) async fn read_answer(
    response: Response<Incoming>,
    cap: usize,
) -> Result<Answer, TransportFailure> {
    let (head, mut incoming) = response.into_parts();
    let mut body = Collected::default();
    let mut cut = false;
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| failure(&error, Stage::Body))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = cap - body.len();
        cut = data.len() > room;
        body.push(if cut { data.slice(..room) } else { data });
        if cut {
            break;
        }
    }
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.into_bytes(),
        cut,
    })
}

/// Pieces of a body; a single piece, the usual case, is not copied.
#[derive(Default)]
struct Collected {
    only: Bytes,
    several: Option<BytesMut>,
}

impl Collected {
    fn len(&self) -> usize {
        self.several.as_ref().map_or(self.only.len(), BytesMut::len)
    }

    fn push(&mut self, piece: Bytes) {
        match &mut self.several {
            Some(several) => several.extend_from_slice(&piece),
            None if self.only.is_empty() => self.only = piece,
            None => {
                let mut several = BytesMut::with_capacity(self.only.len() + piece.len());
                several.extend_from_slice(&self.only);
                several.extend_from_slice(&piece);
                self.several = Some(several);
            }
        }
    }

    fn into_bytes(self) -> Bytes {
        self.several.map_or(self.only, BytesMut::freeze)
    }
}

/// What an error of the HTTP connection means.
pub(crate) fn failure(error: &hyper::Error, stage: Stage) -> TransportFailure {
    if error.is_parse() || error.is_user() {
        return TransportFailure::Protocol {
            detail: error.to_string(),
        };
    }
    let Some(io) = io_error(error) else {
        return TransportFailure::Reset { stage };
    };
    match io.kind() {
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof
        | ErrorKind::NotConnected => TransportFailure::Reset { stage },
        // A body whose framing is broken reaches us as invalid input or data.
        _ => TransportFailure::Protocol {
            detail: io.to_string(),
        },
    }
}

fn io_error(error: &hyper::Error) -> Option<&std::io::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        source = error.source();
    }
    None
}

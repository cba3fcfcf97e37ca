//! A flow as a picture: Mermaid text for documents, and an SVG that needs nothing else.
//!
//! The platform draws its flows on a canvas (sheet `tencent-desk`, section 2.8); here the picture is made
//! of the document. It draws what is there: an edge that leads nowhere is left out, a flow without a
//! start is drawn all the same, and of nodes with the same id the first is drawn. The same document
//! always gives the same picture, byte by byte.

mod geometry;
mod graph;
mod lanes;
mod layout;
mod look;
mod mermaid;
mod order;
mod place;
mod plan;
mod ports;
mod rank;
mod routes;
mod straighten;
mod svg;
mod text;

pub use mermaid::mermaid;
pub use svg::svg;

/// The way of a run: ids of the nodes it passed, in order.
///
/// These are the `NodeId`s of a run's notifications (section 3.1). One that the document does not have
/// is passed over, so that a run of an earlier version can still be shown.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a>(pub &'a [&'a str]);

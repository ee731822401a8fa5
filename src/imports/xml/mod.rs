//! XML exports, read element by element: a fault in one does not reach the next, and memory holds one at a time.
//!
//! Reading goes two steps. `pieces` cuts the file into the elements below its container, by nothing but where tags begin
//! and end, which survives most faults. `element` reads one piece with an XML parser. `names` knows prefixes.

mod element;
mod names;
mod pieces;

pub(super) use element::{Element, named_character};
pub(super) use pieces::{Piece, Pieces, Shape};

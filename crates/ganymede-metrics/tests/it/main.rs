//! Against other programs, by fixtures.

mod resize;

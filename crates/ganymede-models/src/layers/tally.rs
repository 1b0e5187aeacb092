//! What layers multiply while a test counts: what the sizes of specs are checked against.

use std::cell::Cell;

thread_local! {
    static PRODUCTS: Cell<u128> = const { Cell::new(0) };
}

/// Notes so many multiplications.
pub(crate) fn add(products: usize) {
    PRODUCTS.set(PRODUCTS.get() + products as u128);
}

/// How many this thread has noted while `f` ran.
pub(crate) fn counted(f: impl FnOnce()) -> u128 {
    let before = PRODUCTS.get();
    f();
    PRODUCTS.get() - before
}

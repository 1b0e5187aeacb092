use std::env::{var, var_os, vars_os};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

#[test]
fn a_value_is_there_for_a_while() {
    const NAME: &str = "GANYMEDE_TEST_FOR_A_WHILE";
    let before = var_os("CARGO_MANIFEST_DIR");
    assert_eq!(with(NAME, Some("1"), || var(NAME)).as_deref(), Ok("1"));
    assert_eq!(with(NAME, None, || var_os(NAME)), None);
    assert_eq!(var_os(NAME), None);
    assert_eq!(var_os("CARGO_MANIFEST_DIR"), before);
}

#[test]
fn a_value_that_was_there_comes_back() {
    const NAME: &str = "GANYMEDE_TEST_COMES_BACK";
    set_default(NAME, "first");
    set_default(NAME, "second");
    assert_eq!(var(NAME).as_deref(), Ok("first"));
    assert_eq!(with(NAME, Some("a=b"), || var(NAME)).as_deref(), Ok("a=b"));
    assert_eq!(with(NAME, None, || var_os(NAME)), None);
    assert_eq!(var(NAME).as_deref(), Ok("first"));
}

#[test]
fn threads_that_read_see_all_of_it() {
    const NAME: &str = "GANYMEDE_TEST_SEEN_BY_OTHERS";
    const STAYS: &str = "GANYMEDE_TEST_STAYS";
    set_default(STAYS, "here");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let read = || {
            let mut reads = 0;
            while reads == 0 || !done.load(Ordering::Relaxed) {
                assert_eq!(var(STAYS).as_deref(), Ok("here"));
                assert!(vars_os().any(|(name, value)| name == STAYS && value == "here"));
                assert!(matches!(var(NAME).as_deref(), Err(_) | Ok("1")));
                reads += 1;
            }
            reads
        };
        let readers = [scope.spawn(read), scope.spawn(read), scope.spawn(read)];
        (0..200).for_each(|_| with(NAME, Some("1"), thread::yield_now));
        done.store(true, Ordering::Relaxed);
        assert!(readers.into_iter().all(|reader| reader.join().expect("no panic") > 0));
    });
}

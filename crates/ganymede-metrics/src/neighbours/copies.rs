//! Rows that are copies of each other, so that a collapsed generator costs no more than a healthy one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use super::sets::{Points, Scalar};

/// For each row of each set the number of the first row, counted over all sets, that equals it.
pub(crate) fn first_equal<T: Scalar>(sets: &[&Points<'_, T>]) -> Vec<Vec<u32>> {
    let mut seen: HashMap<u64, Vec<(u32, &[T])>> = HashMap::new();
    let mut next = 0;
    let mut labels = Vec::with_capacity(sets.len());
    for set in sets {
        let mut of_set = Vec::with_capacity(set.len());
        for i in 0..set.len() {
            let row = set.row(i);
            let alike = seen.entry(hash(row)).or_default();
            let label = alike.iter().find(|(_, other)| equal(row, other)).map_or(next, |(label, _)| *label);
            if label == next {
                alike.push((next, row));
            }
            of_set.push(label);
            next += 1;
        }
        labels.push(of_set);
    }
    labels
}

fn hash<T: Scalar>(row: &[T]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Adding 0 makes the two zeros one.
    row.iter().for_each(|value| hasher.write_u64((value.wide() + 0.0).to_bits()));
    hasher.finish()
}

fn equal<T: Scalar>(a: &[T], b: &[T]) -> bool {
    a.iter().zip(b).all(|(x, y)| x.wide() == y.wide())
}

//! A shorter input that fails as well.

/// Takes pieces out of `input` as long as `fails` says yes, the largest first; asks at most `tries` times.
pub fn shrink(input: &[u8], tries: usize, fails: &mut dyn FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut best = input.to_vec();
    let (mut asked, mut piece) = (0, best.len().next_power_of_two() / 2);
    while piece > 0 && asked < tries {
        let mut at = 0;
        while at < best.len() && asked < tries {
            let end = (at + piece).min(best.len());
            let shorter = [&best[..at], &best[end..]].concat();
            asked += 1;
            if fails(&shorter) {
                best = shorter;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_goes() {
        let input = b"aaaaaaaaXaaaaaaaaYaaaaaaaaaa";
        let fails = &mut |bytes: &[u8]| bytes.contains(&b'X') && bytes.contains(&b'Y');
        assert_eq!(shrink(input, 1000, fails), b"XY");
        assert_eq!(shrink(input, 0, fails), input);
    }
}

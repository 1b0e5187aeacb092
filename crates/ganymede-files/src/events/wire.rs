//! The wire format of protobuf: fields by number, each a varint, eight bytes, four bytes, or bytes with their length.

/// A message that is being written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
}

impl Message {
    fn key(&mut self, field: u32, kind: u32) {
        self.varint(u64::from(field << 3 | kind));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A whole number or an enum; 0 goes without saying.
    pub(super) fn whole(mut self, field: u32, value: u64) -> Self {
        if value != 0 {
            self.key(field, 0);
            self.varint(value);
        }
        self
    }

    /// A number; 0 goes without saying, but −0 does not.
    pub(super) fn double(mut self, field: u32, value: f64) -> Self {
        if value.to_bits() != 0 {
            self.key(field, 1);
            self.bytes.extend(value.to_le_bytes());
        }
        self
    }

    /// A number that is one of several kinds of value: that it is there says which.
    pub(super) fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, 5);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// Bytes, a text or a message.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.bytes.extend(value);
        self
    }

    /// Several numbers in one field.
    pub(super) fn doubles(self, field: u32, values: &[f64]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.bytes(field, &bytes)
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Whole(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn text(self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    pub(super) fn whole(self) -> Option<u64> {
        if let Self::Whole(value) = self { Some(value) } else { None }
    }

    pub(super) fn double(self) -> Option<f64> {
        if let Self::Eight(bytes) = self { Some(f64::from_le_bytes(bytes)) } else { None }
    }

    pub(super) fn float(self) -> Option<f32> {
        if let Self::Four(bytes) = self { Some(f32::from_le_bytes(bytes)) } else { None }
    }

    /// One number, or several in one field.
    pub(super) fn doubles(self) -> Vec<f64> {
        match self {
            Self::Bytes(bytes) => {
                bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
            }
            other => other.double().into_iter().collect(),
        }
    }

    /// Likewise.
    pub(super) fn floats(self) -> Vec<f32> {
        match self {
            Self::Bytes(bytes) => {
                bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            other => other.float().into_iter().collect(),
        }
    }

    /// Likewise.
    pub(super) fn wholes(self) -> Vec<u64> {
        match self {
            Self::Bytes(bytes) => {
                let mut rest = Fields { rest: bytes };
                std::iter::from_fn(|| rest.varint()).collect()
            }
            other => other.whole().into_iter().collect(),
        }
    }
}

/// The fields of a message in their order, until one that is damaged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The last field of a number, which is the one that counts.
    pub(super) fn last(self, field: u32) -> Option<Field<'a>> {
        self.filter(|(number, _)| *number == field).last().map(|(_, value)| value)
    }

    /// All fields of a number.
    pub(super) fn all(self, field: u32) -> impl Iterator<Item = Field<'a>> {
        self.filter(move |(number, _)| *number == field).map(|(_, value)| value)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for place in 0..10 {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Field::Whole(self.varint()?),
            1 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                self.rest = rest;
                Field::Eight(*bytes)
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Field::Bytes(bytes)
            }
            5 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                self.rest = rest;
                Field::Four(*bytes)
            }
            _ => return None,
        };
        Some((u32::try_from(key >> 3).ok()?, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let message = Message::default()
            .whole(1, 300)
            .double(2, -1.5)
            .float(3, 0.25)
            .bytes(4, b"x")
            .doubles(5, &[1.0, 2.0])
            .whole(1, u64::MAX);
        // The example of protobuf's own documentation: field 1 with 150 is 08 96 01.
        assert_eq!(Message::default().whole(1, 150).bytes, [0x08, 0x96, 0x01]);
        let fields = Fields::of(&message.bytes);
        assert_eq!(fields.count(), 6);
        assert_eq!(fields.last(1), Some(Field::Whole(u64::MAX)));
        assert_eq!(fields.last(2).and_then(Field::double), Some(-1.5));
        assert_eq!(fields.last(3).map(Field::floats), Some(vec![0.25]));
        assert_eq!(fields.last(4).and_then(Field::text).as_deref(), Some("x"));
        assert_eq!(fields.last(5).map(Field::doubles), Some(vec![1.0, 2.0]));
        assert_eq!(Field::Bytes(&[0x96, 0x01, 0x07]).wholes(), [150, 7]);
        for end in 0..message.bytes.len() {
            assert!(Fields::of(&message.bytes[..end]).count() < 6, "cut at {end}");
        }
        // A length beyond the end, groups, and a varint that never ends.
        assert_eq!(Fields::of(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]).count(), 0);
        assert_eq!(Fields::of(&[0x0b]).count(), 0);
        assert_eq!(Fields::of(&[0xff; 20]).count(), 0);
    }
}

use super::*;

fn parsed(text: &str) -> Header {
    Header::parse(text).unwrap()
}

#[test]
fn headers_in_every_notation_that_numpy_reads() {
    let plain = Header { element: Element::F64, big_endian: false, fortran: false, shape: vec![3, 4] };
    for text in [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }          \n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 4L), }",
        "{'shape': (3, 4), 'fortran_order': False, 'descr': '<f8'}",
        "{\"descr\": \"<f8\", \"fortran_order\": False, \"shape\": (3,4)}",
        " { u'shape' : ( 3 , 4 , ) ,'fortran_order':False,'descr':'=f8'}\n",
    ] {
        assert_eq!(parsed(text), plain, "{text}");
    }
    let scalar = parsed("{'descr': '>i2', 'fortran_order': True, 'shape': (), }");
    assert_eq!((scalar.big_endian, scalar.fortran, scalar.shape.len()), (true, true, 0));
    assert_eq!(scalar.to_string(), "int16 ()");
    assert_eq!(parsed("{'descr': '|u1', 'fortran_order': False, 'shape': (7,)}").to_string(), "uint8 (7,)");
}

#[test]
fn what_is_no_array_of_numbers_is_refused_by_name() {
    let cases = [
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "objects of Python"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "structured"),
        ("{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", "complex"),
        ("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "float64"),
        ("{'descr': '|V2', 'fortran_order': False, 'shape': (1,)}", "bfloat16"),
        ("{'descr': '<U3', 'fortran_order': False, 'shape': (1,)}", "text"),
        ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}", "dates"),
        ("{'descr': '<f4x', 'fortran_order': False, 'shape': (1,)}", "unknown"),
        ("{'descr': 'é', 'fortran_order': False, 'shape': (1,)}", "unknown"),
        ("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", "fortran_order"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "shape"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", "shape"),
        ("{'descr': '<f4', 'shape': (1,)}", "fortran_order"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "\"x\""),
        ("{'descr': '<f4'", "'}'"),
        ("", "'{'"),
    ];
    for (text, says) in cases {
        let message = Header::parse(text).unwrap_err();
        assert!(message.contains(says), "{text}: {message}");
    }
}

#[test]
fn a_header_that_claims_too_much_costs_nothing() {
    let header = parsed("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}");
    assert_eq!(header.bytes(), None);
    let read = |header: &Header, bytes: &[u8]| read_numbers(&mut &bytes[..], header, 1 << 40, |x| x);
    assert!(read(&header, &[]).unwrap_err().0.contains("larger"));
    let header = parsed("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,)}");
    assert!(read(&header, &[0; 24]).unwrap_err().0.contains("cut short"));
    let header = parsed("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}");
    assert!(read(&header, &[0; 24]).unwrap_err().0.contains("goes on"));
    let empty = parsed("{'descr': '<f8', 'fortran_order': True, 'shape': (0, 18446744073709551615)}");
    assert!(read(&empty, &[]).is_err());
}

#[test]
fn numbers_in_either_order_of_dimensions_are_the_same_array() {
    let header = |fortran| {
        let order = if fortran { "True" } else { "False" };
        parsed(&format!("{{'descr': '|u1', 'fortran_order': {order}, 'shape': (2, 3, 2)}}"))
    };
    let read =
        |header: &Header, bytes: &[u8]| read_numbers(&mut &bytes[..], header, 64, |x| x as u8).unwrap();
    let rows: Vec<u8> = (0..12).collect();
    assert_eq!(read(&header(false), &rows), rows);
    // numpy.arange(12).reshape(2, 3, 2).ravel("F")
    assert_eq!(read(&header(true), &[0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]), rows);
}

#[test]
fn an_array_of_many_parts_is_read_without_a_seam() {
    let header = parsed("{'descr': '<u2', 'fortran_order': False, 'shape': (1200000,)}");
    let bytes: Vec<u8> =
        (0..1_200_000_u32).flat_map(|i| (i.wrapping_mul(7919) as u16).to_le_bytes()).collect();
    let found = read_numbers(&mut &bytes[..], &header, 1 << 40, |x| x as u16).unwrap();
    assert!(found.iter().zip(0..).all(|(x, i): (&u16, u32)| *x == i.wrapping_mul(7919) as u16));
    assert_eq!(found.len(), 1_200_000);
    let cut = read_numbers(&mut &bytes[..bytes.len() - 1], &header, 1 << 40, |x| x).unwrap_err().0;
    assert!(cut.contains("2399999 of the 2400000 bytes"), "{cut}");
}

//! F26–F29: what stands in the lines.

use std::io::{Read, Seek, SeekFrom, Write};

use deguchi::input::{Lines, is_cut};

use super::*;

/// `n` times the same byte, without having them.
fn endless(byte: u8, n: u64) -> Box<dyn Read + Send> {
    Box::new(std::io::repeat(byte).take(n))
}

fn read_from(input: impl Read + Send + 'static, chunk_size: usize) -> Taken {
    drain(Source::from_reader(Path::new("test.log"), Box::new(input), chunk_size).unwrap(), chunk_size)
}

#[test]
fn f26_a_long_line_is_cut_and_the_next_is_whole() {
    for n in [LINE_MAX as u64 + 1, 10 << 20, 1 << 30] {
        let input = b"before\n".chain(endless(b'x', n)).chain(&b"\nafter\n"[..]);
        let taken = read_from(input, 1 << 20);
        let lines: Vec<_> = Lines::new(0, &taken.bytes).map(|(_, line)| line).collect();
        assert_eq!((lines.len(), lines[0], lines[2]), (3, &b"before"[..], &b"after"[..]));
        assert!(is_cut(lines[1]) && lines[1].iter().all(|&b| b == b'x'));
        assert_eq!(taken.skipped, n - LINE_MAX as u64 + 1, "the LF we put is not in the input, its own is skipped");
        let after = taken.chunks.last().unwrap();
        assert_eq!(after, &(7 + n + 1, 6), "offsets behind a cut are true");
    }
}

#[test]
fn f26_no_lf_at_all() {
    let taken = read_from(endless(b'x', 300 << 20), 1 << 18);
    assert_eq!(taken.bytes.len(), LINE_MAX + 1);
    assert_eq!(taken.skipped, (300 << 20) - LINE_MAX as u64);
    assert_eq!(read_from(endless(b'x', LINE_MAX as u64), 100).bytes.len(), LINE_MAX);
}

#[test]
fn f26_many_long_lines_take_linear_time() {
    let mut bytes = Vec::new();
    for i in 0..400 {
        bytes.extend(vec![b'x'; LINE_MAX + 1 + i % 3]);
        bytes.push(b'\n');
    }
    let taken = read(&bytes, 8 << 20);
    assert_eq!(taken.bytes.len(), 400 * (LINE_MAX + 1));
}

#[test]
fn f27_short_nul_runs_are_left_to_the_lines() {
    let taken = read(b"\0one\n\0\0\0two\nth\0ree\n\0\0", 4);
    let lines: Vec<_> = Lines::new(0, &taken.bytes).map(|(at, line)| (at, line.to_vec())).collect();
    assert_eq!(lines, [(1, b"one".to_vec()), (8, b"two".to_vec()), (12, b"th\0ree".to_vec()), (21, Vec::new())]);
    assert_eq!(taken.skipped, 0);
}

#[test]
fn f27_holes_at_head_middle_and_tail() {
    let one = LINE_MAX as u64;
    for hole in [1, 255, 256, one - 1, one, one + 1, one + 2, 3 * one, 50 << 20] {
        for chunk_size in [1 << 12, 1 << 20] {
            let input = endless(0, hole)
                .chain(&b"first\n"[..])
                .chain(endless(0, hole))
                .chain(&b"second\n"[..])
                .chain(endless(0, hole));
            let taken = read_from(input, chunk_size);
            let lines: Vec<_> = Lines::new(0, &taken.bytes).map(|(_, l)| l).filter(|l| !l.is_empty()).collect();
            assert_eq!(lines, [&b"first"[..], b"second"], "hole of {hole}");
            assert_eq!(taken.bytes.len() as u64 + taken.skipped, 3 * hole + 13);
        }
    }
}

#[test]
fn f27_a_hole_in_the_middle_of_a_line_ends_it() {
    let input = b"torn by the cra".chain(endless(0, 5 << 20)).chain(&b"after the hole\nnext\n"[..]);
    let taken = read_from(input, 1 << 16);
    let lines: Vec<_> = Lines::new(0, &taken.bytes).map(|(_, line)| line).collect();
    assert!(lines[0].starts_with(b"torn by the cra") && is_cut(lines[0]));
    assert_eq!(lines[1..], [&b"after the hole"[..], b"next"]);
}

#[test]
fn f27_a_sparse_file_after_copytruncate() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("access.log");
    let mut file = std::fs::File::create(&path).unwrap();
    file.seek(SeekFrom::Start(1 << 30)).unwrap();
    file.write_all(b"the writer had no O_APPEND\n").unwrap();
    let taken = drain(Source::open(&path, 1 << 20).unwrap(), 1 << 20);
    assert_eq!(taken.bytes, b"the writer had no O_APPEND\n");
    assert_eq!((taken.skipped, taken.chunks[0].0), (1 << 30, 1 << 30));
}

#[test]
fn f28_only_lf_splits_and_a_bom_is_passed_over() {
    let text = "\u{feff}a\r\nb\rc\u{85}d\u{2028}e\n\n\r\nlast".as_bytes();
    for chunk_size in [1, 2, 3, 7, 4096] {
        for bytes in [text.to_vec(), gzip(text), zstd(text)] {
            let taken = read(&bytes, chunk_size);
            assert_eq!(taken.bytes, &text[3..]);
            assert_eq!(taken.chunks[0].0, 3);
            let lines: Vec<_> = Lines::new(3, &taken.bytes).map(|(_, line)| line).collect();
            assert_eq!(lines, [b"a", "b\rc\u{85}d\u{2028}e".as_bytes(), b"", b"", b"last"]);
        }
    }
}

#[test]
fn f28_utf16_is_refused_with_the_remedy() {
    for (bytes, from) in [(&b"\xff\xfe1\x004\0"[..], "UTF-16LE"), (b"\xfe\xff\x001\x004", "UTF-16BE")] {
        let error = read(bytes, 4096).error.unwrap();
        assert!(error.to_string().contains("iconv") && error.to_string().contains(from), "{error}");
        assert_eq!(error.reason().as_str(), "read");
    }
}

#[test]
fn f29_bytes_beyond_utf8_pass_unchanged() {
    let bytes: Vec<u8> = (0..=255u8).chain([0xc0, 0x80, 0xf8, 0x83, 0x5c, b'\n', 0x82, 0xa0]).collect();
    assert_eq!(read(&bytes, 3).bytes, bytes);
}

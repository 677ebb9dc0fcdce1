//! F33–F39: archives.

use std::io::Write;

use deguchi::input::WarningKind;
use flate2::write::GzEncoder;

use super::*;

#[test]
fn f33_members_and_frames_are_one_stream() {
    let plain = log(300);
    for chunk_size in [1, 100, 4096, 1 << 20] {
        let mut gz = gzip(b"");
        let mut zst = zstd(b"");
        for piece in plain.chunks(1234) {
            gz.extend(gzip(piece));
            gz.extend(gzip(b""));
            zst.extend(zstd(piece));
            zst.extend(zstd(b""));
        }
        for archive in [gz, zst] {
            let taken = read(&archive, chunk_size);
            assert!(taken.error.is_none() && taken.warnings.is_empty());
            assert_eq!(taken.bytes, plain);
        }
    }
}

#[test]
fn f33_many_empty_members_take_linear_time() {
    let mut archive = gzip(b"first\n");
    for _ in 0..20_000 {
        archive.extend(gzip(b""));
    }
    archive.extend(gzip(b"last\n"));
    assert_eq!(read(&archive, 4096).bytes, b"first\nlast\n");
}

/// An archive flushed behind each line, and where each flush ends: (compressed, plain) lengths.
fn flushed(lines: &[u8], mut write: impl FnMut(&[u8]) -> usize) -> Vec<(usize, usize)> {
    let mut plain = 0;
    let mut ends = Vec::new();
    for line in lines.split_inclusive(|&b| b == b'\n') {
        plain += line.len();
        ends.push((write(line), plain));
    }
    ends
}

fn cut_everywhere(plain: &[u8], archive: &[u8], ends: &[(usize, usize)]) {
    assert_eq!(read(archive, 64).bytes, plain);
    for cut in 0..archive.len() {
        let taken = read(&archive[..cut], 64);
        if cut == 1 && archive[0] == b'(' {
            assert_eq!(taken.bytes, b"(", "a lone bracket is text");
            continue;
        }
        let whole = ends.iter().rev().find(|(compressed, _)| *compressed <= cut).map_or(0, |(_, plain)| *plain);
        assert!(taken.bytes.len() >= whole, "cut at {cut}: {} of {whole} bytes", taken.bytes.len());
        assert_eq!(taken.bytes, &plain[..taken.bytes.len()]);
        assert_eq!(taken.bytes, whole_lines(&taken.bytes), "half a line is not handed out");
        match (cut, taken.error) {
            (0, error) => assert!(error.is_none(), "an empty file is an empty input"),
            (_, error) => {
                let error = error.unwrap_or_else(|| panic!("cut at {cut} goes unnoticed"));
                assert_eq!(error.reason().as_str(), "truncated_archive", "{error}");
                assert!(error.to_string().contains(&format!("byte {cut} of the file")), "{error}");
            }
        }
    }
}

#[test]
fn f34_gzip_truncated_at_every_byte_keeps_all_complete_lines() {
    let plain = log(40);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let ends = flushed(&plain, |line| {
        encoder.write_all(line).unwrap();
        encoder.flush().unwrap();
        encoder.get_ref().len()
    });
    cut_everywhere(&plain, &encoder.finish().unwrap(), &ends);
}

#[test]
fn f34_zstd_truncated_at_every_byte_keeps_all_complete_lines() {
    let plain = log(40);
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    let ends = flushed(&plain, |line| {
        encoder.write_all(line).unwrap();
        encoder.flush().unwrap();
        encoder.get_ref().len()
    });
    cut_everywhere(&plain, &encoder.finish().unwrap(), &ends);
}

#[test]
fn f34_members_before_a_torn_one_are_whole() {
    let plain = log(50);
    for encode in [gzip, zstd] {
        let (first, second) = (encode(&plain), encode(b"second\n"));
        for cut in 1..second.len() {
            let archive = [&first[..], &second[..cut]].concat();
            let taken = read(&archive, 1000);
            assert!(taken.bytes.starts_with(&plain));
            let error = taken.error.unwrap_or_else(|| panic!("cut at {cut} goes unnoticed"));
            assert_eq!(error.reason().as_str(), "truncated_archive");
        }
    }
}

#[test]
fn f34_a_dropped_line_is_counted() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"whole\nhalf").unwrap();
    encoder.flush().unwrap();
    let taken = read(encoder.get_ref(), 4096);
    assert_eq!(taken.bytes, b"whole\n");
    let error = taken.error.unwrap();
    assert_eq!(error.dropped(), 4);
    assert!(error.to_string().contains("4 bytes was dropped"), "{error}");
}

#[test]
fn f35_no_bit_flip_panics_and_the_good_part_stays() {
    let plain = log(60);
    for archive in [gzip(&plain), zstd(&plain), [gzip(&plain), gzip(b"x\n")].concat()] {
        for at in 0..archive.len() {
            for bit in [0, 3, 7] {
                let mut damaged = archive.clone();
                damaged[at] ^= 1 << bit;
                read(&damaged, 256);
            }
        }
    }
}

#[test]
fn f35_a_wrong_checksum_is_found_and_the_data_kept() {
    let plain = log(60);
    for (mut archive, from_end) in [(gzip(&plain), 8), (zstd(&plain), 4)] {
        let at = archive.len() - from_end;
        archive[at] ^= 1;
        let taken = read(&archive, 4096);
        assert_eq!(taken.bytes, plain);
        assert_eq!(taken.error.unwrap().reason().as_str(), "corrupt_archive");
    }
}

#[test]
fn f35_zstd_blocks_before_the_bad_one_are_kept() {
    let plain = log(20_000);
    let mut archive = zstd(&plain);
    let at = archive.len() - 100;
    archive[at..at + 40].fill(0xff);
    for chunk_size in [777, 1 << 20] {
        let taken = read(&archive, chunk_size);
        assert_eq!(taken.error.unwrap().reason().as_str(), "corrupt_archive");
        assert!(taken.bytes.len() + 2 * 128 * 1024 > plain.len(), "only {} bytes kept", taken.bytes.len());
        assert_eq!(taken.bytes, &plain[..taken.bytes.len()]);
    }
}

#[test]
fn f36_padding_and_garbage_behind_an_archive_are_warnings() {
    let plain = log(20);
    for encode in [gzip, zstd] {
        let archive = encode(&plain);
        let padded = read(&[&archive[..], &[0; 10_000]].concat(), 512);
        assert_eq!(padded.bytes, plain);
        assert!(padded.error.is_none());
        let at = archive.len() as u64;
        assert_eq!(padded.warnings, [Warning { kind: WarningKind::ZeroPadding, at, bytes: 10_000 }]);

        let garbage = read(&[&archive[..], &b"garbage".repeat(100_000)].concat(), 512);
        assert_eq!(garbage.bytes, plain);
        assert!(garbage.error.is_none());
        assert_eq!(garbage.warnings, [Warning { kind: WarningKind::TrailingGarbage, at, bytes: 700_000 }]);

        let resumed = read(&[&archive[..], &[0; 700_000], &archive[..]].concat(), 512);
        assert_eq!(resumed.bytes, [&plain[..], &plain[..]].concat(), "a member behind padding is data");
    }
}

#[test]
fn f37_a_decompression_bomb_stays_small() {
    let block = vec![b'a'; 1 << 20];
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    let mut zst = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..200 {
        gz.write_all(&block).unwrap();
        zst.write_all(&block).unwrap();
    }
    gz.write_all(b"\nnext\n").unwrap();
    zst.write_all(b"\nnext\n").unwrap();
    for archive in [gz.finish().unwrap(), zst.finish().unwrap()] {
        assert!(archive.len() < 2 << 20);
        let taken = read(&archive, 1 << 16);
        assert_eq!(taken.bytes.len(), LINE_MAX + 1 + 5);
        assert!(taken.bytes.ends_with(b"a\nnext\n"));
        assert_eq!(taken.skipped, (200 << 20) - LINE_MAX as u64 + 1);
        assert!(taken.error.is_none());
    }
}

#[test]
fn f37_a_zstd_window_of_2_gib_is_refused() {
    // Magic; descriptor: no single segment; window descriptor: 2^(10+21); one raw block of 2 bytes.
    let bomb = b"\x28\xb5\x2f\xfd\x00\xa8\x11\x00\x00a\n";
    let error = read(bomb, 4096).error.unwrap();
    assert_eq!(error.reason().as_str(), "limit");
    assert!(error.to_string().contains("--long=31"), "{error}");
}

#[test]
fn f37_an_archive_in_an_archive_is_not_opened() {
    for outer in [gzip, zstd] {
        for inner in [gzip, zstd] {
            let taken = read(&outer(&inner(&log(10))), 4096);
            assert!(taken.bytes.is_empty());
            assert!(taken.error.unwrap().to_string().contains("compressed twice"));
        }
    }
}

#[test]
fn f38_content_decides_not_the_name() {
    let directory = tempfile::tempdir().unwrap();
    let plain = log(30);
    for (name, bytes) in [("a.gz", plain.clone()), ("b.log", gzip(&plain)), ("c.gz", zstd(&plain))] {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let source = Source::open(&path, 500).unwrap();
        assert_eq!(source.size(), Some(path.metadata().unwrap().len()));
        assert_eq!(drain(source, 500).bytes, plain);
    }
}

#[test]
fn f39_skippable_frames_are_skipped() {
    let plain = log(30);
    let skippable = |n: u32| [b"\x53\x2a\x4d\x18", &n.to_le_bytes()[..], &vec![b'\n'; n as usize]].concat();
    let archive = [skippable(0), zstd(&plain), skippable(300_000), zstd(&plain), skippable(5)].concat();
    for chunk_size in [10, 100_000] {
        let taken = read(&archive, chunk_size);
        assert!(taken.error.is_none() && taken.warnings.is_empty(), "{:?}", taken.error);
        assert_eq!(taken.bytes, [&plain[..], &plain[..]].concat());
    }
}

#[test]
fn f39_a_missing_dictionary_is_named() {
    // Descriptor 0x01: a dictionary id of one byte follows the window descriptor.
    let error = read(b"\x28\xb5\x2f\xfd\x01\x58\x07\x11\x00\x00a\n", 4096).error.unwrap();
    assert!(error.to_string().contains("dictionary"), "{error}");
}

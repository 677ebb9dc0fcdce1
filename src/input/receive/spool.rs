//! Lines → files: `tcp-192.0.2.1.log`, and `tcp-192.0.2.1.log.000000000001` for the pieces before it. The follower reads
//! them like any log that is rotated.

use super::super::codec::Kind;
use super::super::follow::{Disk, Files};
use super::shelf::{Peer, Shelf, piece_path};
use memchr::memrchr;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Who writes the files of a shelf; there is one.
#[derive(Debug)]
pub struct Spool {
    shelf: Arc<Shelf>,
    open: BTreeMap<Peer, Live>,
    /// Of the next piece.
    number: u64,
    /// When the last piece was changed last: pieces are read in this order, whatever the clock did.
    newest: SystemTime,
}

/// A file that is written to.
#[derive(Debug)]
struct Live {
    file: File,
    len: u64,
}

impl Spool {
    /// Goes on with the files that are there.
    ///
    /// # Errors
    ///
    /// A file cannot be made or renamed.
    pub fn open(shelf: Arc<Shelf>) -> io::Result<Spool> {
        let mut spool = Spool { open: BTreeMap::new(), number: 1, newest: SystemTime::UNIX_EPOCH, shelf };
        let all = spool.shelf.all_live();
        for piece in all.iter().flat_map(|live| spool.shelf.pieces(live)) {
            spool.number = spool.number.max(piece.number + 1);
            spool.newest = spool.newest.max(SystemTime::UNIX_EPOCH + Duration::from_nanos(piece.stat.modified));
        }
        for live in &all {
            match Disk.stat(live) {
                // The limit was larger before.
                Ok(stat) if stat.len >= spool.shelf.piece() => spool.cut_off(live, &mut File::open(live)?)?,
                Ok(_) => {}
                // A piece is found by its live file.
                Err(_) => drop(OpenOptions::new().append(true).create(true).open(live)?),
            }
        }
        Ok(spool)
    }

    /// Appends whole lines to the file of a sender. What was written is taken from `lines`: after an error the rest may
    /// be tried again. Bytes of a line that an earlier run began and did not end, which are dropped.
    ///
    /// # Errors
    ///
    /// The system's: the disk is full.
    pub fn put(&mut self, peer: Peer, lines: &mut &[u8]) -> io::Result<u64> {
        let mut torn = 0;
        let path = self.shelf.live(peer);
        let live = match self.open.entry(peer) {
            Entry::Occupied(live) => live.into_mut(),
            Entry::Vacant(place) => {
                self.shelf.begin(peer);
                let (live, cut) = begin(&path)?;
                torn = cut;
                place.insert(live)
            }
        };
        if live.len == 0 && !lines.is_empty() && Kind::of(lines) != Kind::Plain {
            // The follower would take it for an archive when it is a piece.
            live.write(&self.shelf, &mut &b"\n"[..])?;
        }
        while !lines.is_empty() {
            live.write(&self.shelf, lines)?;
        }
        if live.len >= self.shelf.piece()
            && let Some(mut live) = self.open.remove(&peer)
        {
            self.cut_off(&path, &mut live.file)?;
        }
        Ok(torn)
    }

    /// Drops the files of senders that have nothing to say, for others; how many.
    pub fn make_room(&mut self, now: SystemTime) -> usize {
        let silent = self.shelf.silent_now(now);
        // What they say yet goes to a new file.
        self.open.retain(|peer, _| !silent.contains(&self.shelf.live(*peer)));
        silent.iter().filter(|path| self.shelf.forget(path)).count()
    }

    /// Makes a piece of a live file, and an empty one in its place.
    fn cut_off(&mut self, path: &Path, file: &mut File) -> io::Result<()> {
        let modified = file.metadata()?.modified()?;
        if modified <= self.newest {
            // The clock was put back.
            OpenOptions::new().append(true).open(path)?.set_modified(self.newest + Duration::from_millis(1))?;
        }
        self.newest = file.metadata()?.modified()?;
        fs::rename(path, piece_path(path, self.number))?;
        self.number += 1;
        OpenOptions::new().append(true).create(true).open(path).map(drop)
    }
}

impl Live {
    fn write(&mut self, shelf: &Shelf, bytes: &mut &[u8]) -> io::Result<()> {
        let n = match self.file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => 0,
            n => n?,
        };
        self.len += n as u64;
        shelf.grew(n as u64);
        *bytes = &bytes[n..];
        Ok(())
    }
}

/// Opens a live file behind its last whole line, and says how many bytes of another there were.
fn begin(path: &Path) -> io::Result<(Live, u64)> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let len = file.metadata()?.len();
    let whole = whole(&mut file, len)?;
    if whole < len {
        file.set_len(whole)?;
    }
    Ok((Live { file, len: whole }, len - whole))
}

/// Length up to the last LF.
fn whole(file: &mut File, len: u64) -> io::Result<u64> {
    let mut end = len;
    while end > 0 {
        let from = end.saturating_sub(1 << 16);
        let mut bytes = vec![0; (end - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut bytes)?;
        if let Some(at) = memrchr(b'\n', &bytes) {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::super::super::follow::{Checkpoint, Follow, FollowSettings, From, Step};
    use super::super::shelf::{PEERS, SILENT};
    use super::*;

    const LEAST: u64 = 16 << 20;

    /// Reads what there is: lines, and the places behind them.
    fn read(shelf: &Shelf, places: &mut Checkpoint, polls: usize) -> Vec<u8> {
        let settings = FollowSettings { from: From::Oldest, rotate_wait: Duration::ZERO, ..FollowSettings::default() };
        let mut follow = Follow::new(&shelf.pattern(), settings, Some(places)).unwrap();
        let mut all = Vec::new();
        for second in 0..polls {
            for step in follow.poll(&Disk, Duration::from_secs(second as u64)).steps {
                match step {
                    Step::Lines { chunk, position, .. } => {
                        all.extend(chunk.bytes);
                        places.cover(&position);
                    }
                    Step::Moved { position, .. } => places.cover(&position),
                    Step::Happened(note) => assert_eq!(note.what.lost(), 0, "{note:?}"),
                    Step::Ended { .. } => panic!("it never ends"),
                }
            }
        }
        all
    }

    fn line(n: usize) -> Vec<u8> {
        format!("{n:>9} {}\n", "x".repeat(1000 + n % 100)).into_bytes()
    }

    #[test]
    fn pieces_are_read_in_order_and_go_when_they_are_covered() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("odd [name] {of} a*state/spool");
        let peer = Peer::Tcp("192.0.2.1".parse().unwrap());
        let mut places = Checkpoint::new(&[0; 16]);
        let (mut put, mut got) = (Vec::new(), Vec::new());
        for run in 0..4 {
            let shelf = Arc::new(Shelf::open(&folder, LEAST).unwrap());
            let mut spool = Spool::open(Arc::clone(&shelf)).unwrap();
            let held: u64 = fs::read_dir(&folder).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
            assert_eq!(shelf.bytes(), held);
            for n in 0..1000 {
                let line = line(run * 1000 + n);
                assert_eq!(spool.put(peer, &mut &line[..]).unwrap(), 0);
                put.extend(line);
            }
            let pieces = shelf.pieces(&shelf.live(peer)).len();
            assert!(pieces >= 7, "{pieces}");
            // Nobody reads in the second run, and what was read in the third is not covered.
            if run == 1 {
                continue;
            }
            let mut now = places.clone();
            let new = read(&shelf, &mut now, 40);
            if run == 2 {
                continue;
            }
            got.extend(new);
            places = now;
            shelf.clear(places.positions());
            assert!(shelf.pieces(&shelf.live(peer)).is_empty() && shelf.bytes() < shelf.piece());
        }
        assert!(put == got, "{} of {}", got.len(), put.len());
    }

    #[test]
    fn a_state_that_is_moved_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let put = |folder: &Path, line: &str| {
            let shelf = Arc::new(Shelf::open(&folder.join("spool"), LEAST).unwrap());
            Spool::open(Arc::clone(&shelf)).unwrap().put(Peer::Unix, &mut line.as_bytes()).unwrap();
            shelf
        };
        let mut places = Checkpoint::new(&[0; 16]);
        assert_eq!(read(&put(&old, "one\n"), &mut places, 2), b"one\n");
        fs::rename(&old, &new).unwrap();
        let shelf = put(&new, "two\n");
        places.rename(|path| shelf.moved(path));
        assert_eq!(read(&shelf, &mut places, 2), b"two\n");
        assert_eq!(shelf.moved(Path::new("/elsewhere/unix.log")), None);
    }

    #[test]
    fn a_line_that_was_begun_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::open(dir.path(), LEAST).unwrap());
        let path = shelf.live(Peer::Unix);
        fs::write(&path, "whole\nhal").unwrap();
        let mut spool = Spool::open(Arc::clone(&shelf)).unwrap();
        assert_eq!(spool.put(Peer::Unix, &mut &b"next\n"[..]).unwrap(), 3);
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\nnext\n");
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_change_the_order() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::open(dir.path(), LEAST).unwrap());
        let mut spool = Spool::open(Arc::clone(&shelf)).unwrap();
        let mut put = Vec::new();
        for n in 0..500 {
            // As if each piece were written an hour before the last.
            spool.newest += Duration::from_secs(u64::from(n == 200) * 4_000_000_000);
            let line = line(n);
            spool.put(Peer::Unix, &mut &line[..]).unwrap();
            put.extend(line);
        }
        assert!(read(&shelf, &mut Checkpoint::new(&[0; 16]), 20) == put);
    }

    #[test]
    fn senders_are_bounded_and_those_long_silent_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::open(dir.path(), LEAST).unwrap());
        let peer = |n: u8| Peer::Udp([192, 0, 2, n].into());
        let admitted = (0..200).filter(|&n| shelf.admits(peer(n))).count();
        assert!(admitted == PEERS && shelf.admits(peer(3)) && !shelf.admits(peer(201)));
        Spool::open(Arc::clone(&shelf)).unwrap().put(peer(3), &mut &b"line\n"[..]).unwrap();
        let mut places = Checkpoint::new(&[0; 16]);
        assert_eq!(read(&shelf, &mut places, 2), b"line\n");
        let later = |days: u64| SystemTime::now() + Duration::from_secs(days * 24 * 3600);
        assert!(!shelf.forget_silent(places.positions(), later(6)).contains(&shelf.live(peer(3))));
        assert!(shelf.forget_silent(places.positions(), later(8)).contains(&shelf.live(peer(3))));
        assert!(shelf.admits(peer(201)) && shelf.bytes() == 0);
    }

    /// All places are taken: who is connected keeps its own, and who spoke a moment ago, and whose lines are not covered.
    #[test]
    fn a_silent_sender_makes_room_and_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::open(dir.path(), LEAST).unwrap());
        let mut spool = Spool::open(Arc::clone(&shelf)).unwrap();
        let peer = |n: u8| Peer::Tcp([192, 0, 2, n].into());
        assert!((0..PEERS as u8).all(|n| shelf.admits(peer(n))));
        let put = |spool: &mut Spool, n: u8, line: &str| spool.put(peer(n), &mut line.as_bytes()).unwrap();
        (0..PEERS as u8).for_each(|n| assert_eq!(put(&mut spool, n, "one\n"), 0));
        let mut places = Checkpoint::new(&[0; 16]);
        read(&shelf, &mut places, 2);
        shelf.clear(places.positions());
        shelf.connect(peer(1));
        put(&mut spool, 2, "two\n");
        let later = SystemTime::now() + SILENT + Duration::from_secs(1);
        let now = File::open(shelf.live(peer(3))).unwrap();
        now.set_modified(later).unwrap();
        assert!(!shelf.admits(peer(200)) && shelf.is_to_make_room() && !shelf.is_to_make_room(), "said once");
        assert_eq!(spool.make_room(SystemTime::now()), 0, "nobody was silent for long");
        assert_eq!(spool.make_room(later), PEERS - 3);
        let left: Vec<_> = shelf.all_live();
        assert_eq!(left, [1, 2, 3].map(|n| shelf.live(peer(n))));
        let held: u64 = left.iter().map(|live| fs::metadata(live).unwrap().len()).sum();
        assert_eq!(shelf.bytes(), held);
        // One that was on its way has a file again; the one that is connected goes on.
        assert!(shelf.admits(peer(200)));
        for (n, line) in [(0, "three\n"), (1, "four\n"), (200, "five\n")] {
            put(&mut spool, n, line);
        }
        let got = String::from_utf8(read(&shelf, &mut places, 4)).unwrap();
        let mut lines: Vec<&str> = got.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["five", "four", "three", "two"]);
        shelf.clear(places.positions());
        assert!(shelf.is_to_make_room(), "there may be room again");
        shelf.disconnect(peer(1));
        assert_eq!(spool.make_room(later + 2 * SILENT), 5);
    }

    #[test]
    fn what_looks_like_an_archive_is_read_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::open(dir.path(), LEAST).unwrap());
        let mut spool = Spool::open(Arc::clone(&shelf)).unwrap();
        let mut put = b"\n".to_vec();
        for n in 0..300 {
            let line = [b"\x1f\x8b\x08".to_vec(), line(n)].concat();
            spool.put(Peer::Unix, &mut &line[..]).unwrap();
            put.extend(line);
        }
        let got = read(&shelf, &mut Checkpoint::new(&[0; 16]), 20);
        assert_eq!(got.iter().filter(|&&b| b == 0x1f).count(), 300);
    }
}

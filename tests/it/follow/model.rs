//! A model of one log and everything that may happen to it: what is handed out equals what was written, exactly.
//!
//! The model knows the bytes of each generation, in order, and how many of them can still be reached. It runs on the
//! real file system, so that names, inodes and times are those of the system.

use proptest::prelude::*;

use super::*;

/// What may happen.
#[derive(Clone, Debug)]
enum Deed {
    /// Whole lines, written by whoever has the live file open.
    Write(usize),
    /// Half a line; the next write ends it.
    Half,
    /// Renamed; the numbers shift; a new file.
    Rotate,
    /// Renamed, and the writer goes on in the old file once more before it moves.
    RotateLate(usize),
    /// Renamed, a new file; and the old one is still written to by somebody who has it open.
    RotateShared(usize),
    /// Copied, then cut to nothing.
    CopyTruncate,
    /// Cut to nothing, no copy.
    Truncate,
    /// The newest rotated file is compressed.
    Compress(bool),
    /// The live file is deleted and made again.
    Recreate,
    /// The link points to a new file.
    Switch,
    /// Time passes, with polls.
    Pass(u64),
    /// One poll.
    Poll,
    /// `kill -9`, and start again from what was covered; `true`: the last position was not stored in time.
    Crash(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => (1..30usize).prop_map(Deed::Write),
        2 => Just(Deed::Half),
        3 => Just(Deed::Rotate),
        1 => (1..10usize).prop_map(Deed::RotateLate),
        1 => (1..10usize).prop_map(Deed::RotateShared),
        2 => Just(Deed::CopyTruncate),
        1 => Just(Deed::Truncate),
        2 => any::<bool>().prop_map(Deed::Compress),
        1 => Just(Deed::Recreate),
        1 => Just(Deed::Switch),
        3 => (1..8u64).prop_map(Deed::Pass),
        4 => Just(Deed::Poll),
        3 => any::<bool>().prop_map(Deed::Crash),
    ]
}

/// What some proxies write at the beginning of each file.
const HEADER: &str = "#Software: SGOS 6.7\n#Fields: date time c-ip sc-status cs-method cs-uri\n";

/// The world as it is.
struct World {
    watch: Watch,
    /// Each file begins with the same lines.
    header: bool,
    /// A file was written to after the next: what is in the two may come in any order.
    shared: bool,
    written: usize,
    half: bool,
    /// Where the link points: counts switches.
    target: usize,
    wanted: Vec<String>,
    /// Bytes that could not be reached any more.
    lost: u64,
    /// Stored before the last poll.
    earlier: Checkpoint,
    before: usize,
    notes: usize,
}

impl World {
    fn new(header: bool, chunk: usize, poll: usize) -> Self {
        let mut watch = Watch::with("access.log", FollowSettings { chunk, poll, ..settings() });
        std::os::unix::fs::symlink("target0.log", watch.path("access.log")).unwrap();
        fs::write(watch.path("target0.log"), "").unwrap();
        // What was rotated before the first look is history.
        watch.poll();
        Self {
            header,
            shared: false,
            written: 0,
            half: false,
            target: 0,
            wanted: Vec::new(),
            lost: 0,
            earlier: watch.checkpoint.clone(),
            before: 0,
            notes: 0,
            watch,
        }
    }

    /// What was given and what was wanted, without headers: the same head again in the same file may be the old one, which
    /// cannot be told and does not matter.
    fn result(&self) -> (Vec<String>, Vec<String>) {
        let mut given = self.watch.given();
        given.retain(|line| !line.starts_with('#'));
        let mut wanted = self.wanted.clone();
        if self.shared {
            given.sort();
            wanted.sort();
        }
        (given, wanted)
    }

    fn live(&self) -> String {
        format!("target{}.log", self.target)
    }

    fn write_to(&mut self, name: &str, n: usize) {
        let mut text = log(self.written, self.written + n);
        if std::mem::replace(&mut self.half, false) {
            text.insert_str(0, "and ended\n");
            let last = self.wanted.last_mut().unwrap();
            last.push_str("and ended");
        }
        if self.header && fs::metadata(self.watch.path(name)).map_or(0, |file| file.len()) == 0 {
            text.insert_str(0, HEADER);
        }
        self.watch.append(name, text);
        self.wanted.extend(log(self.written, self.written + n).lines().map(str::to_string));
        self.written += n;
    }

    /// The file is over: half a line stays half.
    fn over(&mut self) {
        self.half = false;
    }

    fn poll(&mut self) {
        self.earlier = self.watch.checkpoint.clone();
        self.before = self.watch.lines.values().map(Vec::len).sum();
        self.notes = self.watch.notes.len();
        self.watch.poll();
        self.watch.now += SECOND / 2;
    }

    /// Everything seen, nothing in flight: what happens next happens to a reader at the end. What could not be opened is
    /// tried again within half a minute.
    fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..400 {
            self.poll();
            let gauges = self.watch.follow.gauges();
            quiet = if gauges.pending == 0 && gauges.detached == 0 { quiet + 1 } else { 0 };
            if quiet > 62 {
                break;
            }
        }
    }

    /// The clock of the file system ticks between deeds, as it does between rotations.
    fn tick(&self) {
        let clock = self.watch.path("clock");
        let touch = || {
            fs::write(&clock, "tick").unwrap();
            fs::metadata(&clock).unwrap().modified().unwrap()
        };
        let before = touch();
        while touch() == before {
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    fn shift(&self) {
        let live = self.live();
        for n in (1..60).rev() {
            for end in ["", ".gz", ".zst"] {
                let name = format!("{live}.{n}{end}");
                if self.watch.path(&name).exists() {
                    self.watch.rename(&name, &format!("{live}.{}{end}", n + 1));
                }
            }
        }
    }

    fn run(&mut self, deed: &Deed) {
        self.tick();
        let live = self.live();
        match deed {
            Deed::Write(n) => self.write_to(&live, *n),
            Deed::Half if !self.half => {
                let text =
                    format!("{}.777 half a line, with enough in it to be told from others ", 1430000000 + self.written);
                self.watch.append(&live, &text);
                self.wanted.push(text);
                self.written += 1;
                self.half = true;
            }
            Deed::Half => {}
            Deed::Rotate | Deed::RotateLate(_) => {
                self.shift();
                let old = format!("{live}.1");
                self.watch.rename(&live, &old);
                if let Deed::RotateLate(n) = deed {
                    self.poll();
                    self.write_to(&old, *n);
                }
                self.over();
                self.watch.append(&live, "");
                self.write_to(&live, 1);
            }
            Deed::RotateShared(n) => {
                self.poll();
                self.shift();
                let old = format!("{live}.1");
                self.watch.rename(&live, &old);
                let first = log(self.written + n, self.written + n + 1);
                self.watch.append(&live, if self.header { format!("{HEADER}{first}") } else { first.clone() });
                self.poll();
                self.tick();
                self.write_to(&old, *n);
                self.over();
                self.wanted.push(first.trim_end().to_string());
                self.written += 1;
                self.shared = true;
            }
            Deed::CopyTruncate => {
                self.shift();
                self.over();
                fs::copy(self.watch.path(&live), self.watch.path(&format!("{live}.1"))).unwrap();
                self.watch.truncate(&live, 0);
            }
            Deed::Truncate => {
                // Exact only for what was seen: the reader is let come to the end, and half a line is lost.
                self.settle();
                self.watch.truncate(&live, 0);
                if std::mem::replace(&mut self.half, false) {
                    self.lost += self.wanted.pop().unwrap().len() as u64;
                }
                // Told once: the position behind it is stored.
                self.poll();
                self.poll();
            }
            Deed::Compress(gz) => {
                let (end, how): (_, Compress) = if *gz { ("gz", gzip) } else { ("zst", zstd) };
                let name = format!("{live}.1");
                if self.watch.path(&name).exists() {
                    self.watch.compress(&name, &format!("{name}.{end}"), how);
                }
            }
            Deed::Recreate => {
                // Unseen it would be lost with all in it: the reader has it open.
                self.settle();
                self.over();
                fs::remove_file(self.watch.path(&live)).unwrap();
                self.watch.append(&live, "");
                self.write_to(&live, 2);
                self.settle();
            }
            Deed::Switch => {
                self.settle();
                self.over();
                self.target += 1;
                let live = self.live();
                self.write_to(&live, 1);
                std::os::unix::fs::symlink(&live, self.watch.path(".new")).unwrap();
                self.watch.rename(".new", "access.log");
                self.settle();
            }
            Deed::Pass(seconds) => {
                for _ in 0..2 * seconds {
                    self.poll();
                }
            }
            Deed::Poll => self.poll(),
            Deed::Crash(late) => {
                if *late {
                    // What was given since is given again, and nothing else.
                    self.watch.checkpoint = self.earlier.clone();
                    self.watch.notes.truncate(self.notes);
                    let lines = self.watch.lines.values_mut().next();
                    if let Some(lines) = lines {
                        lines.truncate(self.before);
                    }
                }
                self.watch.restart();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn model_what_is_written_is_given(
        deeds in proptest::collection::vec(deed(), 1..40),
        header in any::<bool>(), chunk in 50usize..4000, poll in 500usize..20_000,
    ) {
        let mut world = World::new(header, chunk, poll);
        for deed in &deeds {
            world.run(deed);
        }
        // The file is over, so that the last half a line comes too.
        world.run(&Deed::Rotate);
        world.settle();
        let (given, wanted) = world.result();
        let at = given.iter().zip(&wanted).position(|(a, b)| a != b).unwrap_or(given.len().min(wanted.len()));
        let names: Vec<String> = fs::read_dir(world.watch.folder.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        let part = |lines: &[String]| lines[at.saturating_sub(1)..lines.len().min(at + 2)].to_vec();
        prop_assert!(
            given == wanted, "{} lines for {}; at {at}: {:?} for {:?}; {:?} {names:?}",
            given.len(), wanted.len(), part(&given), part(&wanted), world.watch.happened()
        );
        prop_assert_eq!(world.watch.lost(), world.lost, "{:?}", world.watch.happened());
    }
}

/// A file that could not be looked at in time, as there was none at the path for a while, keeps its place all the same.
#[test]
fn model_rotations_that_leave_no_live_file_for_a_while() {
    let late = || Deed::RotateLate(1);
    for deeds in [
        vec![late(), late(), late(), Deed::RotateShared(1)],
        vec![late(), late(), late(), Deed::Write(3), Deed::Rotate],
    ] {
        let mut world = World::new(false, 50, 500);
        deeds.iter().chain([&Deed::Rotate]).for_each(|deed| world.run(deed));
        world.settle();
        let (given, wanted) = world.result();
        assert_eq!(given, wanted);
        assert_eq!(world.watch.lost(), 0);
    }
}

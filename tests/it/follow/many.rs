//! Thousands of files in one folder: work is counted, not time.

use std::cell::Cell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deguchi::input::follow::{Checkpoint, Files, Follow, FollowSettings, From, Open, Stat, Step};

const MANY: usize = 5_000;

/// A folder of files of one line each; every question is counted.
struct Folder {
    names: Vec<String>,
    asked: Cell<usize>,
}

struct OneLine(Stat);

const LINE: &[u8] = b"1430000000.000 1 192.0.2.1 TCP_MISS/200 1 GET http://example.com/ - - -\n";

impl Open for OneLine {
    fn stat(&self) -> io::Result<Stat> {
        Ok(self.0)
    }

    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let rest = &LINE[LINE.len().min(at as usize)..];
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

impl Folder {
    fn new(mut names: Vec<String>) -> Folder {
        names.sort();
        Folder { names, asked: Cell::new(0) }
    }

    fn asked(&self) -> usize {
        self.asked.replace(0)
    }
}

impl Files for Folder {
    fn list(&self, _: &Path) -> io::Result<Vec<OsString>> {
        self.asked.set(self.asked.get() + self.names.len());
        Ok(self.names.iter().map(OsString::from).collect())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.asked.set(self.asked.get() + 1);
        let name = path.file_name().unwrap().to_str().unwrap();
        let number = self.names.binary_search_by(|known| known.as_str().cmp(name));
        let number = number.map_err(|_| io::Error::from(io::ErrorKind::NotFound))? as u64;
        Ok(Stat { dev: 1, ino: number + 1, len: LINE.len() as u64, is_file: true, links: 1, ..Stat::default() })
    }

    fn is_link(&self, _: &Path) -> bool {
        false
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn Open>> {
        Ok(Arc::new(OneLine(self.stat(path)?)))
    }
}

/// Lines of the first polls, as of so many streams, and what each poll asked, a file.
fn polls(folder: &Folder, from: From) -> (usize, usize, Vec<usize>) {
    let settings = FollowSettings { from, poll: 1 << 30, ..FollowSettings::default() };
    let mut follow = Follow::new(Path::new("/logs/*"), settings, None).unwrap();
    let mut places = Checkpoint::new(&settings.key);
    let (mut lines, mut asked) = (0, Vec::new());
    for second in 0..3 {
        for step in follow.poll(folder, Duration::from_secs(second)).steps {
            if let Step::Lines { chunk, position, .. } = step {
                lines += chunk.lines().count();
                places.cover(&position);
            }
        }
        asked.push(folder.asked() / folder.names.len());
    }
    assert_eq!(places.positions().len(), follow.gauges().streams);
    (lines, follow.gauges().streams, asked)
}

/// One log, and all that was rotated from it: none of that is opened, nor looked at.
#[test]
fn f56_thousands_of_rotated_files_beside_one_log() {
    let rotated = (1..MANY).map(|n| match n % 3 {
        0 => format!("access.log.{n}"),
        1 => format!("access.log-2026{n:04}.gz"),
        _ => format!("access-2025{n:04}.log"),
    });
    let folder = Folder::new(rotated.chain(["access.log".to_owned()]).collect());
    let (lines, streams, asked) = polls(&folder, From::Start);
    assert_eq!((lines, streams), (1, 1));
    assert!(asked.iter().all(|asked| *asked <= 1), "{asked:?} a file: the list of names, no more");
}

#[test]
fn f56_thousands_of_logs() {
    for name in [|n: usize| format!("proxy-eu{n}.log"), |n: usize| format!("squid.{n}x")] {
        let folder = Folder::new((0..MANY).map(name).collect());
        let (lines, streams, asked) = polls(&folder, From::Start);
        assert_eq!((lines, streams), (MANY, MANY));
        assert!(asked.iter().all(|asked| *asked <= 12), "{asked:?} a file");
    }
}

//! How far a replay is, on a terminal: one line on standard error that is gone when the work is done.

use crate::sink::{scaled, thousands};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// How far it is: plain numbers, all from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Bytes of the files read, as they lie on disk.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Alerts found.
    pub alerts: u64,
}

/// The line. Silent where standard error is no terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// For `total` bytes on disk; `None` where that cannot be known (a pipe). `quiet` shows nothing, terminal or not.
    pub fn new(total: Option<u64>, quiet: bool) -> Self {
        let target = match !quiet && std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr_with_hz(10),
            false => ProgressDrawTarget::hidden(),
        };
        Progress::on(target, total)
    }

    fn on(target: ProgressDrawTarget, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, target);
        let template = match total {
            Some(_) => {
                "{wide_bar:.cyan/blue} {percent:>3} % of {decimal_total_bytes} · {decimal_bytes_per_sec} · {msg} · {eta} left"
            }
            None => "{spinner:.cyan} {decimal_bytes} · {decimal_bytes_per_sec} · {msg} · {elapsed}",
        };
        let style = ProgressStyle::with_template(template).expect("the template is constant and valid");
        bar.set_style(style.progress_chars("━╸─"));
        Progress { bar }
    }

    /// Shows how far it is. Cheap: the terminal is drawn ten times a second at most.
    pub fn update(&self, done: Done) {
        if self.bar.is_hidden() {
            return;
        }
        let rate = done.lines as f64 / self.bar.elapsed().as_secs_f64().max(0.1);
        let noun = if done.alerts == 1 { "alert" } else { "alerts" };
        self.bar.set_message(format!("{} lines/s · {} {noun}", scaled(rate).trim_end(), thousands(done.alerts)));
        self.bar.set_position(done.bytes);
    }

    /// Runs `print` with the line out of the way: what it writes to standard error stays readable.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Removes the line.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io::Result;
    use std::sync::{Arc, Mutex};

    /// A terminal of 80 cells that keeps its last line.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_line_of_80_cells_that_goes_away() {
        for total in [Some(1_530_000_000), None] {
            let screen = Screen::default();
            let progress = Progress::on(ProgressDrawTarget::term_like(Box::new(screen.clone())), total);
            progress.update(Done { bytes: 1_001_000_000, lines: 6_543_210, alerts: 4_321 });
            progress.bar.tick();
            let shown = screen.0.lock().unwrap().clone();
            assert!(shown.contains("lines/s · 4,321 alerts"), "{shown:?}");
            assert!(crate::sink::width(shown.trim_end()) <= 80, "{shown:?}");
            progress.finish();
            assert_eq!(*screen.0.lock().unwrap(), "");
        }
    }

    #[test]
    fn silent_where_nobody_looks() {
        assert!(Progress::new(Some(1), true).bar.is_hidden());
    }
}

//! A real Squid that logs over the network: what arrives is what it wrote to its file, also when the receiver goes and comes.
//!
//! Needs `squid`. Where it is missing the test fails if `CI` is set and is skipped otherwise.

use crate::servers::{free, program, until};
use crate::squid::{NEWS, origin, request, start_with};
use crate::watch::Watch;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_squid_that_logs_over_tcp_and_udp_is_received() {
    let Some(squid) = program("squid", "squid-openssl") else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = |name: &str| scratch.path().join(name);
    let (port, address, state) = (origin().port(), free(), at("state"));
    let (address, state_text) = (address.to_string(), state.display().to_string());
    let flags = ["--tcp", &address, "--udp", &address, "--state", &state_text];
    let begin = || Watch::run(None, &at("alerts"), &flags, &[]);
    let watch = begin();
    let more = format!("access_log tcp://{address} extended\naccess_log udp://{address} extended\n");
    let (running, proxy) = start_with(&squid, scratch.path(), &more);
    let mut n = 0;
    let mut ask = |times: u32| {
        for _ in 0..times {
            request(proxy, "GET", &format!("http://{NEWS}:{port}/{n}?q=a+b"), "Mozilla/5.0 (X11)", b"");
            n += 1;
        }
    };
    let (log, tcp, udp) =
        (at("extended.log"), state.join("spool/tcp-127.0.0.1.log"), state.join("spool/udp-127.0.0.1.log"));
    // Lines of its file that did not arrive, once the last one has.
    let lost = |what: &str| {
        let last = || text(&log).lines().last().map(str::to_owned);
        until(what, PATIENCE, || (text(&tcp).lines().last().map(str::to_owned) == last()).then_some(()));
        let (came, all) = (text(&tcp), text(&log));
        let came: Vec<&str> = came.lines().collect();
        let (there, lost): (Vec<_>, Vec<_>) = all.lines().enumerate().partition(|(_, line)| came.contains(line));
        assert_eq!(there.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), came, "each once, in order");
        lost.into_iter().map(|(n, _)| n).collect::<Vec<usize>>()
    };
    ask(40);
    assert!(lost("all lines").is_empty());
    let before = text(&log).lines().count();
    watch.kill();
    // Squid keeps what it cannot send, but not what it has sent before it notices that nobody is there: its first write.
    std::thread::sleep(Duration::from_secs(1));
    ask(10);
    let watch = begin();
    ask(10);
    let gone = lost("those of the time in between as well");
    assert!(gone.len() <= 3 && gone.iter().zip(before..).all(|(&lost, n)| lost == n), "{gone:?} behind {before}");
    drop(running);
    // UDP has several lines in a datagram and keeps the last of them for a while; what was sent meanwhile is lost.
    let (came, log) = (text(&udp), text(&log));
    assert!(came.lines().count() > 20 && came.lines().all(|line| log.lines().any(|other| other == line)), "{came}");
    assert_eq!(watch.metric("deguchi_input_lost_bytes_total{input=\"log\"}"), Some(0.0));
    let lines = log.lines().count() as f64;
    until("all lines are read", PATIENCE, || {
        watch.metric("deguchi_input_pending_bytes{input=\"log\"}").filter(|&bytes| bytes == 0.0)
    });
    assert_eq!(watch.stop(), Some(0));
    // Read with the state that is kept: a third run has nothing to read any more.
    let watch = begin();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(watch.metric("deguchi_input_lines_total{input=\"log\"}"), Some(0.0));
    assert!(lines > 60.0);
}

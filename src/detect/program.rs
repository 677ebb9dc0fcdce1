//! What a pair tells of the program behind it: shape, sizes, referers, agent, port, hosts. Shared by the detectors that look
//! for one.

use crate::detect::post_burst::size;
use crate::detect::{Card, Seen};
use crate::event::AgentKind;
use crate::window::Detail;

/// Mean reply from which a program fetches content, bytes: a controller with nothing to say answers in a few.
const CONTENT: u64 = 24 * 1024;

/// Whether it looks like a program, not like a person.
pub(super) fn judge_program(seen: &Seen<'_>, card: &mut Card) {
    let Some(detail) = &seen.pair.detail else { return };
    let n = detail.seen.max(1);
    let shape = detail.shape.at_least(n);
    if shape >= 0.9 && n >= 5 {
        card.add("same_shape", shape, None, 3, || format!("{} of its requests have one shape", at_least(shape)));
    }
    // What fails is answered by the proxy or a gateway, with one page for everybody: its size says nothing of the program.
    let same = detail.size.at_least(n);
    if same >= 0.8 && n >= 5 && detail.failed * 2 < n {
        card.add("same_size", same, None, 4, || format!("{} of the replies have one size", at_least(same)));
    }
    let reply = seen.pair.down / u64::from(seen.pair.requests.max(1));
    if seen.carries.bytes_down && reply >= CONTENT {
        card.add("reply_bytes", reply as f64, None, -4, || {
            format!("replies of {} on average: it fetches something", size(reply))
        });
    }
    let tunnels = seen.pair.methods[2];
    if seen.carries.referer && tunnels * 2 < seen.pair.requests {
        let share = f64::from(detail.referers) / f64::from(n);
        let points = match share {
            s if s <= 0.02 && n >= 6 => 4,
            s if s >= 0.5 => -22,
            s if s >= 0.15 => -12,
            _ => 0,
        };
        card.add("referer_share", share, None, points, || match detail.referers {
            0 => "no request comes from a page".into(),
            some => format!("{some} of {n} requests come from a page"),
        });
    }
    let posts = f64::from(seen.pair.methods[1]) / f64::from(seen.pair.requests.max(1));
    if posts >= 0.5 {
        card.add("post_share", posts, None, 6, || format!("{:.0} % of its requests send a body", posts * 100.0));
    }
    judge_agent(seen, detail, card);
    if detail.odd_port {
        card.add("odd_port", 1.0, None, 6, || "the port is neither 80 nor 443".into());
    }
    let hosts = detail.host_count();
    if hosts >= 8.0 && hosts >= 0.3 * f64::from(n.min(100)) {
        card.add("hosts", hosts, None, 9, || format!("about {hosts:.0} host names under one domain, in turn"));
    }
}

/// A lower bound of a share in words.
fn at_least(share: f64) -> String {
    if share >= 1.0 { "all".into() } else { format!("at least {:.0} %", (share * 100.0).floor()) }
}

/// What it says it is. Anybody can say anything, so it never weighs much; but few go to the length of saying what the very
/// browser of this client says.
pub(super) fn judge_agent(seen: &Seen<'_>, detail: &Detail, card: &mut Card) {
    let browsers = seen.client.browsers;
    let (points, text) = match detail.agent.kind() {
        // What sends none is as often a service of the system.
        AgentKind::Absent => return,
        AgentKind::Tool => (5, "its user agent is that of a script or a tool"),
        AgentKind::Named => (-6, "its user agent is a program's that names itself"),
        AgentKind::Browser if browsers == 0 => return,
        AgentKind::Browser if browsers & detail.agent.bit() == 0 => {
            (8, "it calls itself a browser, but none in which this client opens pages")
        }
        // So do programs that a browser runs, and implants that use the client's own library.
        AgentKind::Browser => return,
    };
    card.add("agent", 1.0, None, points, || text.into());
}

//! The sentences of the page that say what an incident is and what to do: put together from facts, in each language.

use super::words::Lang;
use crate::alert::{Dossier, Left, SITE_LIMIT, Severity};
use crate::sink::{defang, scaled, thousands};

/// Detectors of data on its way out.
const EXFIL: [&str; 2] = ["post_burst", "get_exfil"];

/// Who, what and where in one sentence. Holds text of logs: not escaped.
pub(super) fn verdict(dossier: &Dossier, lang: Lang) -> String {
    let has = |names: &[&str]| names.iter().any(|name| dossier.detectors.contains_key(*name));
    let left = &dossier.left;
    let refused = left.requests > 0 && left.denied == left.requests;
    let calls = has(&["beacon", "spread", "denied_beacon"]);
    let sends = |least| {
        dossier.stories.iter().any(|story| EXFIL.contains(&&*story.record.detector) && story.record.severity >= least)
    };
    let (sends, may) = (sends(Severity::Medium), sends(Severity::Low));
    let one = dossier.clients.len() == 1;
    let sure = dossier.severity() >= Severity::High;
    let (who, place) = (who(dossier, lang), place(dossier, lang));
    let behind = dossier.clients.values().filter(|party| party.is_refused()).count();
    let behind = if refused { 0 } else { behind };
    match lang {
        Lang::En => {
            let s = |plural: &'static str, single: &'static str| if one { single } else { plural };
            let does = match (refused, calls, sends) {
                (true, ..) if sure => {
                    s("are infected behind a block: they keep calling", "is infected behind a block: it keeps calling")
                }
                (true, ..) => s("keep calling what the proxy refuses:", "keeps calling what the proxy refuses:"),
                (_, true, true) => {
                    s("call home by the clock and send data out to", "calls home by the clock and sends data out to")
                }
                (_, true, false) if may => s(
                    "call by the clock, and may be sending data out, to",
                    "calls by the clock, and may be sending data out, to",
                ),
                (_, true, false) => s("call by the clock to", "calls by the clock to"),
                (_, false, true) => s("send data out to", "sends data out to"),
                _ if may => s("may be sending data out to", "may be sending data out to"),
                _ if has(&["fanout"]) => {
                    s("go through many new domains by machine:", "goes through many new domains by machine:")
                }
                _ if has(&["tunnel"]) => s("hold tunnels open to", "holds tunnels open to"),
                _ => {
                    s("contact what is listed or was told of before:", "contacts what is listed or was told of before:")
                }
            };
            let meaning = match (dossier.severity(), refused) {
                (Severity::Critical | Severity::High, true) => ". The program is still there.",
                (Severity::Critical | Severity::High, _) => ". Treat it as command and control.",
                (Severity::Medium, _) => ". That may be command and control: look today.",
                _ => ". A weak sign.",
            };
            let behind = match behind {
                0 => String::new(),
                n if sure => format!("; {} of them infected behind a block", thousands(n as u64)),
                n => format!("; the proxy refuses {} of them", thousands(n as u64)),
            };
            format!("{who} {does} {place}{behind}{meaning}")
        }
        Lang::Ja => {
            let does = match (refused, calls, sends) {
                (true, ..) => "へ通信を試み続け、すべて遮断されています",
                (_, true, true) => "と一定の間隔で通信し、データを外へ送っています",
                (_, true, false) if may => "と一定の間隔で通信し、データを送り出している可能性があります",
                (_, true, false) => "と一定の間隔で通信しています",
                (_, false, true) => "へデータを送っています",
                _ if may => "へデータを送り出している可能性があります",
                _ if has(&["fanout"]) => "など多数の新規ドメインへ機械的に通信しています",
                _ if has(&["tunnel"]) => "へのトンネルを開き続けています",
                _ => "という、リスト記載または既報の宛先と通信しています",
            };
            let meaning = match (sure, refused, dossier.severity()) {
                (true, true, _) => "。端末にはまだ不正プログラムが残っています。",
                (true, ..) => "。C2（指令サーバー）との通信として対処してください。",
                (_, _, Severity::Medium) => "。C2の可能性があります。今日中に確認してください。",
                _ => "。単独では弱い兆候です。",
            };
            let behind = match behind {
                0 => String::new(),
                n if sure => format!("（うち{}台は遮断されたまま感染が続いています）", thousands(n as u64)),
                n => format!("（うち{}台はプロキシが拒否）", thousands(n as u64)),
            };
            format!("{who}が{place}{does}{behind}{meaning}")
        }
    }
}

/// `203.0.113.42 (Site B)`, `27 clients (Site B 25, Site A 2)`.
fn who(dossier: &Dossier, lang: Lang) -> String {
    let count = dossier.clients.len();
    let sites = dossier.sites().into_iter().take(4).filter_map(|(site, n)| Some((site?, n)));
    let sites: Vec<String> = sites
        .map(|(site, n)| match lang {
            _ if count == 1 => site.to_owned(),
            Lang::En => format!("{site} {n}"),
            Lang::Ja => format!("{site} {n}台"),
        })
        .collect();
    let sites = match lang {
        _ if sites.is_empty() => String::new(),
        Lang::En => format!(" ({})", sites.join(", ")),
        Lang::Ja => format!("（{}）", sites.join("、")),
    };
    match (dossier.clients.keys().next(), count, lang) {
        (Some(client), 1, _) => format!("{client}{sites}"),
        (.., Lang::En) => format!("{} clients{sites}", thousands(count as u64)),
        (.., Lang::Ja) => format!("{}台の端末{sites}", thousands(count as u64)),
    }
}

/// The domain; of several the one of the highest score, and how many.
fn place(dossier: &Dossier, lang: Lang) -> String {
    let first = dossier.stories.first().map_or("", |story| &story.record.domain);
    let first = defang(first);
    match (dossier.domains.len(), lang) {
        (0 | 1, _) => first,
        (n, Lang::En) => format!("{} domains, first of all {first}", thousands(n as u64)),
        (n, Lang::Ja) => format!("{first}ほか計{}個のドメイン", thousands(n as u64)),
    }
}

/// What left, as far as the log knows. Never that nothing did only because nothing was logged.
pub(super) fn left(left: &Left, lang: Lang) -> String {
    let bytes = |n: u64| format!("{}B", scaled(n as f64));
    let refused = left.requests > 0 && left.denied == left.requests;
    let mut parts: Vec<String> = Vec::new();
    let mut add = |en: String, ja: String| parts.push(if lang == Lang::Ja { ja } else { en });
    match left.bytes_up {
        Some(up) => add(
            format!("{} from the clients, headers included", bytes(up)),
            format!("送信 {}（ヘッダーを含む）", bytes(up)),
        ),
        None => {
            let (posts, tunnels) = (left.posts, left.tunnels);
            if posts > 0 {
                add(
                    format!(
                        "{} upload{} (POST, PUT) of unknown size",
                        thousands(posts),
                        if posts == 1 { "" } else { "s" }
                    ),
                    format!("アップロード（POST、PUT） {}件、サイズ不明", thousands(posts)),
                );
            }
            if tunnels > 0 {
                add(
                    format!("{} tunnel{} of unknown content", thousands(tunnels), if tunnels == 1 { "" } else { "s" }),
                    format!("トンネル {}件、内容不明", thousands(tunnels)),
                );
            }
        }
    }
    if left.tunnels < left.requests {
        let most = bytes(left.url_bytes_max);
        add(format!("at most {most} in URLs"), format!("URLに載せて最大 {most}"));
    }
    let unlogged = left.bytes_up.is_none();
    match lang {
        Lang::En => {
            let mut text = parts.join("; ");
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            if unlogged {
                text += ". This log does not hold upload bytes";
            }
            if refused {
                text += ". The proxy refused every request, so this came as far as the proxy";
            } else if left.denied > 0 {
                text +=
                    &format!(". Of {} requests the proxy refused {}", thousands(left.requests), thousands(left.denied));
            }
            text + "."
        }
        Lang::Ja => {
            let mut text = parts.join("、");
            if unlogged {
                text += "。このログには送信バイト数がありません";
            }
            if refused {
                text += "。すべてプロキシが拒否したため、届いたのはプロキシまでです";
            } else if left.denied > 0 {
                text += &format!("。{}件中{}件をプロキシが拒否", thousands(left.requests), thousands(left.denied));
            }
            text + "。"
        }
    }
}

/// What to do with the clients.
pub(super) fn pull(dossier: &Dossier, lang: Lang) -> String {
    let one = dossier.clients.len() == 1;
    let n = thousands(dossier.clients.len() as u64);
    let sure = dossier.severity() >= Severity::Medium;
    match (lang, sure) {
        (Lang::En, true) if one => {
            "Pull this client from the network, and leave it switched on: its memory is evidence.".into()
        }
        (Lang::En, true) => {
            format!("Pull these {n} clients from the network, and leave them switched on: their memory is evidence.")
        }
        (Lang::En, false) => "Ask on the client which program makes these requests, before anything is pulled.".into(),
        (Lang::Ja, true) => format!("次の{n}台をネットワークから切り離す。メモリーが証拠になるため、電源は切らない。"),
        (Lang::Ja, false) => "切り離す前に、どのプログラムの通信かを端末で確認する。".into(),
    }
}

/// Sites to think of cutting off: those with many infected clients.
pub(super) fn sites(dossier: &Dossier, lang: Lang) -> Vec<String> {
    let over = dossier.sites().into_iter().filter(|&(site, n)| site.is_some() && n >= SITE_LIMIT as usize);
    let over = over.filter(|_| dossier.severity() >= Severity::Medium).take(10);
    over.filter_map(|(site, n)| Some((site?, thousands(n as u64))))
        .map(|(site, n)| match lang {
            Lang::En => format!("{site} has {n} clients in this incident: think of cutting the site off."),
            Lang::Ja => format!("{site}では{n}台が関係しています。拠点ごとの遮断を検討してください。"),
        })
        .collect()
}

/// What to do with the domains.
pub(super) fn block(dossier: &Dossier, lang: Lang) -> &'static str {
    match (lang, dossier.severity() >= Severity::Medium) {
        (Lang::En, true) => "Block the whole domain, not the host: the next host under it is one line of DNS away.",
        (Lang::En, false) => "If it proves bad, block the whole domain, not the host.",
        (Lang::Ja, true) => "ホスト単位ではなくドメイン全体を遮断する。同じドメインの別ホストにはすぐ切り替えられる。",
        (Lang::Ja, false) => "不正と分かった場合は、ホスト単位ではなくドメイン全体を遮断する。",
    }
}

/// Why a domain is not among the lines to block. Holds text of logs: not escaped.
pub(super) fn shared(domain: &str, lang: Lang) -> String {
    let domain = defang(domain);
    match lang {
        Lang::En => format!("{domain} is shared by strangers: only the hosts that were contacted are listed."),
        Lang::Ja => format!("{domain}は多数の利用者が共有するため、通信のあったホストだけを挙げています。"),
    }
}

/// What to search for.
pub(super) fn search(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Search all logs, the old ones and those of other sites too, for the same names and paths.",
        Lang::Ja => "同じ名前とパスを、過去や他拠点のログも含めてすべてのログから探す。",
    }
}

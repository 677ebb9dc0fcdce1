//! Why, in Japanese: sentences of evidence and alerts, put together from the names and numbers of a record.
//!
//! Records are English, whoever reads them; names and values in them are stable, so that a page need not understand
//! sentences. What is not known here (a record of another version) stays as it is.

use super::words::Lang;
use crate::alert::{EvidenceRecord, Record};
use crate::sink::{scaled, thousands};

/// A reason, if it is known in that language.
pub(super) fn reason(evidence: &EvidenceRecord, lang: Lang) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    let value = evidence.value;
    let (n, share) = (count(value), percent(value));
    let usual = evidence.usual;
    Some(match (&*evidence.name, evidence.points > 0) {
        ("interval_concentration", _) => {
            let chance = usual.map_or_else(String::new, |usual| format!("（偶然なら{}）", percent(usual)));
            format!("間隔の{share}が一つの値の周りに集まっている{chance}")
        }
        ("interval_median_seconds", _) => format!("およそ{}ごとに通信している", duration(value)),
        ("interval_spread", true) => format!("間隔に±{share}のゆらぎがあり、大きく外れることはない"),
        ("interval_spread", false) => "ゆらぎがまったくなく、ソフトウェアのタイマーのように正確".into(),
        ("contacts", _) => format!("これまでに{n}回"),
        ("duty", _) => format!("始まってから端末が動いていた時間の{share}で続いている"),
        ("young_minutes", _) => format!("まだ{n}分間だけで、開いたままのページでも同じことが起こる"),
        ("longest_tunnel_seconds", _) => format!("トンネルが{}開いていた", duration(value)),
        ("tunnel_share", _) => format!("始まってから端末が動いていた時間の{share}でトンネルが開いていた"),
        ("ip_literal", _) => "宛先が名前のないIPアドレス".into(),
        ("odd_port", _) => "ポートが80でも443でもない".into(),
        ("strange_name", _) => "名前が無作為な文字の並びに見える".into(),
        ("new_to_organisation", _) => format!("組織にとって新しく、それまでの{n}日間は誰も使っていない"),
        ("new_after_days", _) => format!("それまでの{n}日分のログでは誰も使っていない"),
        ("known_days", _) => format!("既知のドメインで、{n}日使われてきた"),
        ("own_incident", _) => format!("このドメインは以前に警告されている（スコア{n}）"),
        ("domain_clients", _) => match (usual, value) {
            (Some(all), v) if v < 1.5 => format!("端末{}台のうち、ここへ通信するのはこの端末だけ", count(all)),
            (Some(all), _) => format!("端末{}台のうち{n}台がここへ通信している", count(all)),
            (None, _) => format!("{n}台がここへ通信している"),
        },
        ("shared_place", _) => format!("{n}台の端末が使っている"),
        ("clients_reached", _) => format!("{n}台の端末が、それぞれ動いている間に一定の間隔で通信し始めた"),
        ("machine_share", _) => format!("ここへ通信する端末の{share}がその中に入る"),
        ("quiet_share", _) => format!("ログの最初の{share}の間は誰も使っていない"),
        ("same_shape", _) => format!("リクエストの{}が同じ形", at_least(value)),
        ("same_size", _) => format!("応答の{}が同じ大きさ", at_least(value)),
        ("reply_bytes", true) => format!("応答が短い：平均{n}バイト"),
        ("reply_bytes", false) => format!("応答が平均{}と大きく、何かを取得している", bytes(value)),
        ("referer_share", _) if value == 0.0 => "ページから移ったリクエストが一つもない".into(),
        ("referer_share", _) => format!("リクエストの{share}がページから移ったもの"),
        ("post_share", _) => format!("リクエストの{share}が本文を送っている"),
        ("agent", false) => "ユーザーエージェントがプログラム自身の名前を名乗っている".into(),
        ("agent", true) => "ユーザーエージェントがツールのもの、またはこの端末で使われていないブラウザーのもの".into(),
        ("hosts", _) => format!("一つのドメインの下で約{n}個のホスト名を順に使う"),
        ("url_bytes_distinct", _) => format!("URLに載せて最大{}が出た可能性", bytes(value)),
        ("url_bytes", _) => "URLが長い".into(),
        ("distinct_share", _) => format!("その{share}は初めて見るURL"),
        ("url_entropy_bits", _) => format!("1バイトあたり{value:.1}ビットの乱雑さ（単語や数字なら約4.2）"),
        ("sent_bytes", _) => format!("短い間に{}を送信", bytes(value)),
        ("sent_posts", _) => format!("短い間に{n}回のアップロード"),
        ("client_times_usual", _) if usual == Some(0.0) => "この端末はそれまで何も送っていない".into(),
        ("client_times_usual", _) => format!("この端末が多い時間に送る量の{value:.1}倍"),
        ("domain_times_usual", _) => format!("このドメインへ多い時間に送られる量の{value:.1}倍"),
        ("up_down_ratio", _) => format!("送信が受信の{value:.1}倍"),
        ("online_before_hours", true) => format!("端末が動き始めて{value:.1}時間後に始まった：以前はなかったもの"),
        ("online_before_hours", false) => {
            "端末が初めて動いたときから始まっている：以前からあったものかもしれない".into()
        }
        ("after_download_seconds", _) => {
            format!("端末がプログラムか書庫をダウンロードした{}後に始まった", duration(value))
        }
        ("reached_before_block", _) => format!("このドメインへの{n}件は届いている：遮断が遅かったか、一部だけ"),
        ("rotation", _) => format!("一つの周期で{n}個のドメインを順に回っている"),
        ("new_domains", _) => format!("誰も使っていなかったドメイン{n}個"),
        ("failed_share", _) => format!("その{share}が失敗している：名前がないか、応答がない"),
        ("strange_labels_share", _) => format!("その{share}が無作為な文字の並び"),
        ("hours_with_new_domains", _) => format!("{n}時間にわたり、毎時間いくつも新しいものが続く"),
        ("new_domains_an_hour", _) => {
            let usual = usual.map_or_else(String::new, |usual| format!("（この端末の普段は{usual:.1}個）"));
            format!("1時間に{value:.1}個{usual}")
        }
        ("domains_met", _) => {
            let usual =
                usual.map_or_else(String::new, |usual| format!("（普段は20日中19日まで{}個以下）", count(usual)));
            format!("通信したドメインは{n}個{usual}")
        }
        ("share_of_new_domains", _) => format!("その間に通信したドメインの{share}を占める"),
        ("share_others_ask_for", _) => format!("そのうち{share}は多くの端末も使っている"),
        ("known_domains_failing", _) => format!("以前から使っていたドメイン{n}個も失敗している"),
        _ => return None,
    })
}

/// The sentence of an alert, if its detector is known in that language. Holds text of logs: not escaped.
pub(super) fn summary(record: &Record, lang: Lang) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    let does = match &*record.detector {
        "beacon" => "と一定の間隔で通信しています",
        "denied_beacon" => "への通信を、拒否されながら一定の間隔で試み続けています",
        "post_burst" => "へ普段と違う量のデータを送っています",
        "get_exfil" => "へURLに載せてデータを送り出している可能性があります",
        "tunnel" => "へのトンネルを長く開いています",
        "fanout" => "など多数の新しいドメインへ機械的に通信しています",
        "spread" => "と、複数の端末がそれぞれ一定の間隔で通信し始めています",
        "ioc" => "という、リスト記載または既報の宛先と通信しています",
        _ => return None,
    };
    let others = |list: &Option<Vec<String>>, unit: &str| match list.as_ref().map_or(0, Vec::len) {
        0 | 1 => String::new(),
        n => format!("ほか計{}{unit}", thousands(n as u64)),
    };
    let who = record.client.clone() + &others(&record.clients, "台");
    let place = record.domain.clone() + &others(&record.domains, "個のドメイン");
    let denied = match record.denied {
        0 => String::new(),
        n => format!("（うち拒否{}件）", thousands(n)),
    };
    let sent = match record.bytes_up {
        Some(up) => format!("送信{}、", bytes(up as f64)),
        None => String::new(),
    };
    let most = bytes(record.url_bytes_max as f64);
    let requests = thousands(record.requests);
    Some(format!("{who}が{place}{does}。{requests}件{denied}、{sent}URLに載せて最大{most}。"))
}

fn count(value: f64) -> String {
    thousands(value.clamp(0.0, 1e15).round() as u64)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn at_least(share: f64) -> String {
    if share >= 1.0 { "すべて".into() } else { format!("{:.0} %以上", (share * 100.0).floor()) }
}

fn bytes(value: f64) -> String {
    format!("{}B", scaled(value.max(0.0)))
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 180.0 => format!("{s:.0}秒"),
        s if s < 7_200.0 => format!("{:.0}分", s / 60.0),
        s if s < 172_800.0 => format!("{:.1}時間", s / 3_600.0),
        s => format!("{:.1}日", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name that a detector gives its evidence, as its source has it, is known here; a list's entry is told by its text.
    #[test]
    fn every_name_of_the_detectors_is_known() {
        let mut names = 0;
        for entry in crate::detect::DETECTORS {
            let shared = [include_str!("../../detect/place.rs"), include_str!("../../detect/program.rs")];
            let shared = shared.into_iter().chain([include_str!("../../detect/begin.rs"), entry.source]);
            for call in shared.flat_map(|text| text.split("card.add(").skip(1)) {
                let Some(name) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                    continue;
                };
                if name == "x" {
                    continue;
                }
                for points in [-1, 1] {
                    let evidence =
                        EvidenceRecord { name: name.into(), value: 3.0, usual: Some(2.0), points, text: String::new() };
                    assert!(reason(&evidence, Lang::Ja).is_some(), "{name}");
                    assert!(reason(&evidence, Lang::En).is_none());
                }
                names += 1;
            }
        }
        assert!(names > 60, "{names}");
    }

    #[test]
    fn numbers_are_those_of_the_record() {
        let of = |name: &str, value: f64, usual: Option<f64>, points: i32| {
            let evidence = EvidenceRecord { name: name.into(), value, usual, points, text: "x".into() };
            reason(&evidence, Lang::Ja)
        };
        let told = of("interval_concentration", 0.987, Some(0.43), 28).unwrap();
        assert_eq!(told, "間隔の99 %が一つの値の周りに集まっている（偶然なら43 %）");
        assert_eq!(
            of("domain_clients", 1.0, Some(28.0), 10).unwrap(),
            "端末28台のうち、ここへ通信するのはこの端末だけ"
        );
        assert_eq!(
            of("after_download_seconds", 600.0, None, 10).unwrap(),
            "端末がプログラムか書庫をダウンロードした10分後に始まった"
        );
        // A record from elsewhere may hold anything.
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e300, 1e300] {
            assert!(of("contacts", odd, None, 1).is_some() && of("sent_bytes", odd, Some(odd), 1).is_some());
        }
        assert_eq!(of("listed", 1.0, None, 92), None);
    }
}

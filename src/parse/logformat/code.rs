//! The codes of Squid's `logformat` language, of every version: what each is good for and what its value looks like.

/// What a value is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    /// Nothing: read over.
    Skip,
    /// `%ts.%03tu`, seconds and milliseconds in one.
    Time,
    /// Whole seconds.
    Seconds,
    /// Milliseconds of the second.
    Subsecond,
    /// A date in words, to the second.
    Date,
    /// Seconds and milliseconds of the start.
    Start,
    Duration,
    Client,
    User,
    Method,
    Target,
    /// Name from the TLS handshake.
    Sni,
    /// Host header.
    Header,
    /// Host of the URL.
    Domain,
    Result,
    Status,
    BytesUp,
    BytesDown,
    Agent,
    Referer,
    ContentType,
    Hierarchy,
    Peer,
    /// Squid's name of an error: `ERR_ACCESS_DENIED`.
    Failure,
}

/// What a value looks like, apart from the `-` that stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Decimal digits.
    Number,
    /// Digits, perhaps a sign, perhaps a fraction.
    Decimal,
    /// Letters, digits and `_`.
    Code,
    /// An address or a host name.
    Address,
    /// Anything but spaces.
    Word,
    /// Anything.
    Text,
    /// As its format says; spaces where that has them.
    Date,
}

/// One code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) field: Field,
    /// Of several codes for one field the lowest wins.
    pub(super) rank: u8,
    pub(super) shape: Shape,
    /// Escaped like a URL unless the format says otherwise.
    pub(super) url: bool,
}

const fn code(field: Field, rank: u8, shape: Shape) -> Code {
    Code { field, rank, shape, url: false }
}

const fn skip(shape: Shape) -> Code {
    code(Field::Skip, 0, shape)
}

const fn url(code: Code) -> Code {
    Code { url: true, ..code }
}

/// The code at the head of `text` and the length of its name, by the longest name that fits. A name that no Squid knows
/// reaches to the end of its letters, digits and `_` and is skipped; `None` if there is no name at all.
pub(super) fn at(text: &str) -> Option<(Code, usize)> {
    let known = CODES.iter().filter(|(name, _)| text.starts_with(name)).max_by_key(|(name, _)| name.len());
    if let Some((name, code)) = known {
        return Some((*code, name.len()));
    }
    let name = text.find(|c: char| !matches!(c, '<' | '>' | '|' | ':')).unwrap_or(text.len());
    let rest = text.get(name..).unwrap_or_default();
    let letters = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    if letters == 0 {
        return None;
    }
    // `foo::bar` is one name.
    let name = name + letters;
    match text.get(name..).filter(|rest| rest.starts_with("::")).and_then(at) {
        Some((_, more)) => Some((skip(Shape::Text), name + 2 + more.saturating_sub(2).max(1))),
        None => Some((skip(Shape::Text), name)),
    }
}

/// What a header is good for. The name may carry `:separator element`, which makes it useless here.
pub(super) fn header(code: Code, name: &str, reply: bool) -> Code {
    let field = match name.to_ascii_lowercase().as_str() {
        "user-agent" if !reply => Field::Agent,
        "referer" if !reply => Field::Referer,
        "host" if !reply => Field::Header,
        "content-type" if reply => Field::ContentType,
        _ => Field::Skip,
    };
    Code { field, rank: code.rank + 1, ..code }
}

const CODES: &[(&str, Code)] = {
    use Field as F;
    use Shape::{Address, Code as Name, Date, Decimal, Number, Text, Word};
    &[
        // Connection.
        (">a", code(F::Client, 0, Address)),
        ("SRC", code(F::Client, 0, Address)),
        (">A", code(F::Client, 1, Address)),
        (">eui", code(F::Client, 2, Address)),
        ("SRCEUI48", code(F::Client, 2, Address)),
        ("SRCEUI64", code(F::Client, 2, Address)),
        (">p", skip(Number)),
        ("SRCPORT", skip(Number)),
        (">la", skip(Address)),
        (">lp", skip(Number)),
        ("la", skip(Address)),
        ("lp", skip(Number)),
        ("MYADDR", skip(Address)),
        ("MYPORT", skip(Number)),
        (">qos", skip(Name)),
        ("<qos", skip(Name)),
        (">nfmark", skip(Name)),
        ("<nfmark", skip(Name)),
        ("<a", code(F::Peer, 0, Address)),
        ("<A", code(F::Peer, 1, Address)),
        ("<p", skip(Number)),
        ("<la", skip(Address)),
        ("oa", skip(Address)),
        ("<lp", skip(Number)),
        (">handshake", skip(Word)),
        ("transport::>connection_id", skip(Number)),
        // Time.
        ("ts", code(F::Seconds, 1, Number)),
        ("tu", code(F::Subsecond, 0, Number)),
        ("tl", code(F::Date, 2, Date)),
        ("tg", code(F::Date, 1, Date)),
        ("tS", code(F::Start, 0, Decimal)),
        ("tr", code(F::Duration, 0, Decimal)),
        ("<pt", skip(Decimal)),
        ("<tt", skip(Decimal)),
        ("dt", skip(Decimal)),
        ("busy_time", skip(Decimal)),
        // Access.
        ("un", code(F::User, 0, Text)),
        ("ul", code(F::User, 1, Text)),
        ("LOGIN", code(F::User, 1, Text)),
        ("ue", code(F::User, 2, Text)),
        ("EXT_USER", code(F::User, 2, Text)),
        ("ui", code(F::User, 3, Text)),
        ("IDENT", code(F::User, 3, Text)),
        ("credentials", skip(Text)),
        ("et", url(skip(Text))),
        ("TAG", url(skip(Text))),
        ("EXT_TAG", url(skip(Text))),
        ("ea", url(skip(Text))),
        ("EXT_LOG", url(skip(Text))),
        ("note", url(skip(Text))),
        ("err_code", code(F::Failure, 0, Name)),
        ("err_detail", skip(Text)),
        ("sn", skip(Number)),
        ("master_xaction", skip(Text)),
        ("ACL", skip(Text)),
        ("DATA", skip(Text)),
        ("USER_CERTCHAIN", skip(Text)),
        ("USER_CERT", skip(Text)),
        // Request.
        ("rm", code(F::Method, 1, Word)),
        (">rm", url(code(F::Method, 0, Word))),
        ("METHOD", url(code(F::Method, 0, Word))),
        ("<rm", url(code(F::Method, 2, Word))),
        ("ru", code(F::Target, 1, Text)),
        (">ru", url(code(F::Target, 0, Text))),
        ("URI", url(code(F::Target, 0, Text))),
        ("<ru", url(code(F::Target, 2, Text))),
        (">rd", url(code(F::Domain, 0, Text))),
        ("DST", url(code(F::Domain, 0, Text))),
        ("<rd", url(code(F::Domain, 1, Text))),
        (">rs", url(skip(Text))),
        ("<rs", url(skip(Text))),
        ("PROTO", url(skip(Text))),
        (">rP", skip(Number)),
        ("<rP", skip(Number)),
        ("PORT", skip(Number)),
        ("rp", url(skip(Text))),
        (">rp", url(skip(Text))),
        ("<rp", url(skip(Text))),
        ("PATH", url(skip(Text))),
        ("rv", skip(Word)),
        (">rv", skip(Word)),
        ("<rv", skip(Word)),
        (">v", skip(Word)),
        ("rG", skip(Word)),
        (">ha", url(code(F::Skip, 1, Text))),
        (">h", url(code(F::Skip, 0, Text))),
        // Reply.
        (">Hs", code(F::Status, 0, Number)),
        ("Hs", code(F::Status, 1, Number)),
        ("<Hs", code(F::Status, 2, Number)),
        ("<h", url(code(F::Skip, 0, Text))),
        ("mt", code(F::ContentType, 0, Word)),
        // Sizes.
        ("<st", code(F::BytesDown, 0, Number)),
        (">st", code(F::BytesUp, 0, Number)),
        ("st", skip(Number)),
        ("<sh", skip(Number)),
        (">sh", skip(Number)),
        ("<bs", skip(Number)),
        ("<sH", skip(Number)),
        ("<sS", skip(Number)),
        // Handling.
        ("Ss", code(F::Result, 0, Name)),
        ("Sh", code(F::Hierarchy, 0, Name)),
        ("request_attempts", skip(Number)),
        // TLS.
        ("ssl::bump_mode", skip(Word)),
        ("ssl::>sni", code(F::Sni, 0, Address)),
        ("ssl::>cert_subject", skip(Text)),
        ("ssl::>cert_issuer", skip(Text)),
        ("ssl::<cert_subject", skip(Text)),
        ("ssl::<cert_issuer", skip(Text)),
        ("ssl::<cert_errors", skip(Text)),
        ("ssl::<cert", url(skip(Text))),
        ("ssl::>negotiated_version", skip(Word)),
        ("ssl::<negotiated_version", skip(Word)),
        ("ssl::>negotiated_cipher", skip(Word)),
        ("ssl::<negotiated_cipher", skip(Word)),
        ("ssl::>received_hello_version", skip(Word)),
        ("ssl::<received_hello_version", skip(Word)),
        ("ssl::>received_supported_version", skip(Word)),
        ("ssl::<received_supported_version", skip(Word)),
        // Adaptation and the rest.
        ("icap::tt", skip(Decimal)),
        ("icap::tr", skip(Decimal)),
        ("icap::tio", skip(Decimal)),
        ("icap::to", skip(Word)),
        ("icap::Hs", skip(Number)),
        ("icap::<st", skip(Number)),
        ("icap::>st", skip(Number)),
        ("icap::<bs", skip(Number)),
        ("icap::rm", skip(Word)),
        ("icap::ru", skip(Text)),
        ("icap::<A", skip(Address)),
        ("icap::<service_name", skip(Text)),
        ("icap::>h", url(skip(Text))),
        ("icap::<h", url(skip(Text))),
        ("icap::<last_h", url(skip(Text))),
        ("adapt::all_trs", skip(Text)),
        ("adapt::sum_trs", skip(Text)),
        ("adapt::<last_h", url(skip(Text))),
        ("proxy_protocol::>h", url(skip(Text))),
    ]
};

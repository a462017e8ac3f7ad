"""Secrets in a text: tokens, keys, passwords, connection strings. Knows no record and no file."""

import re
from functools import partial

TOKENS = {
    "private key": r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----"
    r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----|\Z)",
    "AWS key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_\w{22,255}",
    "GitLab token": r"\bgl(?:pat|dt|rt|rtr|ptt|ft|soat|cbt|oas|agent|imt|ffct)-[\w.-]{20,300}",
    "Slack token": r"\bxox[a-z]-[\w-]{10,300}|\bxapp-\d-[\w-]{10,300}|\bhooks\.slack\.com/\w{1,20}/[\w/+-]{20,200}",
    "Discord webhook": r"\bdiscord(?:app)?\.com/api/webhooks/\d{5,25}/[\w-]{20,200}",
    "Stripe key": r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,250}|\bwhsec_[A-Za-z0-9+/=]{16,100}",
    "API key": r"(?<![\w-])sk-(?=[\w-]{0,300}\d)[\w-]{20,300}"
    r"|\b(?:gsk|r8|pplx|xai|fw|ntn|sntrys|figd|sbp|re)[_-](?=\w{0,300}\d)[A-Za-z0-9]{20,300}\b|\bdapi[0-9a-f]{32}\b",
    "Google key": r"\bAIza[\w-]{35}|\bGOCSPX-[\w-]{20,100}|\bya29\.[\w-]{20,500}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-[\w-]{32,500}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,100}\b",
    "SendGrid key": r"\bSG\.[\w-]{16,100}\.[\w-]{16,100}",
    "DigitalOcean token": r"\bdo[opr]_v1_[0-9a-f]{64}\b",
    "Vault token": r"\bhv[sbr]\.[\w-]{20,300}",
    "age key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,100}",
    "Telegram token": r"\b\d{8,10}:AA[\w-]{33}\b",
    "JSON web token": r"(?<![\w-])eyJ[\w-]{8,8000}\.[\w-]{8,8000}(?:\.[\w-]{0,8000}){1,3}",
}
DATABASES = r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|cockroachdb|clickhouse|snowflake)"
# A value goes on to the next blank. What closes a sentence or a bracket is no part of it, nor is the next pair.
END = (
    r"(?:[\"'`]{0,2}[.,;:?)}\]>]{0,8}[\"'`]{0,2}(?:\s|\Z)|[\"'`][,;)}\]>]"
    r"|[,;&]{1,2}[\"']?[A-Za-z_][\w.-]{0,60}[\"']?\s{0,3}[=:](?=[ \t]?[^\s=]))"
)
RUN = rf"(?![\"'`])(?:(?!{END})\S){{1,500}}"
VALUE = rf"(?:(?P<quote>[\"'])(?P<quoted>(?:(?!(?P=quote))[^\n]){{1,500}})(?P=quote)|[\"']?(?P<secret>(?!<){RUN}))"
WHOSE = r"(?i:\s{1,3}(?:for|of)\s{1,3}\S{1,60})?\s{1,3}"
WORD = r"(?:pass(?:wor[dt]|wd|phrase)|kennwort|pwd)"
# Said with no sign between: only what nobody takes for a word, a name, an address or a number.
ODD = (
    r"(?:(?=\S*[A-Za-z])(?=\S*\d)(?=\S*[!$%^&*@])(?!\S*/|\S+@\w+\.\w)\S{6}"
    r"|(?=[A-Za-z\d]*[a-z])(?=[A-Za-z\d]*[A-Z])(?=[A-Za-z]*\d[A-Za-z]*\d)[A-Za-z\d]{8})"
)
CONTEXTS = {
    "password": (
        rf"\b{DATABASES}(?:\+\w{{1,20}})?://[^\s:/@]{{0,100}}:(?P<secret>[^\s\"'`<>]{{1,300}})(?=@[\w.\[$-])",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,100}:(?P<secret>[^\s/\"'`<>]{1,300})(?=@[\w.\[$-])",
        rf"(?i)(?<![\w-])--(?:password|passwd|pass|secret|token|api-key|access-key)[ =]{VALUE}",
        rf"(?i)\bcurl\b[^\n]{{0,300}}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{{1,100}}:(?P<secret>{RUN})",
        rf"(?i)\b{WORD}\s+[`\"'](?P<secret>(?=\S{{0,99}}[\d!@#$%^&*])[^`\"'\s]{{4,100}})[`\"']",
        rf"\b(?i:{WORD}|pw){WHOSE}[\"'`]?(?P<secret>(?={ODD}){RUN})",
    ),
    "authorization": (
        rf"(?i)\bauthorization[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"'`]?(?:bearer|basic|token|bot|apikey|digest)\s{{1,3}}(?P<secret>(?!<){RUN})",
        r"(?i)\bbearer\s{1,3}(?P<secret>(?=\S{0,500}\d)[\w.~+/=-]{16,4000})",
        r"(?i)\b(?:set-)?cookie:\s{0,3}[\w.-]{1,60}=(?P<secret>[^\s;\"']{8,4000})",
    ),
    "secret": (
        rf"(?i)\b(?:{WORD}|secret|token|api[ _-]?key){WHOSE}(?:is|was)\s{{1,3}}[\"'`]?"
        rf"(?P<secret>(?=\S{{0,199}}\d)(?=\S{{0,199}}[A-Za-z])(?=\S{{6}}){RUN})",
        r"(?i)\b(?:(?:api|access|auth|secret)[ _-]?key|token)\s{1,3}[\"'`]?"
        r"(?P<secret>(?=(?:[a-z]*\d){3})(?=\d*[a-z])[a-z\d+/=]{16,500})",
    ),
}
ASSIGNED = re.compile(
    rf"""(?ix)(?:(?P<word>{WORD}|secret(?:[ _-]?(?:access[ _-]?)?key)?)|(?P<short>(?<![a-z\d])pw|(?<=_)pass)
    |(?P<key>token|api[ _-]?key|credentials?|(?:access|account|auth|encryption|private|shared|signing)[ _-]?key))
    ["'`\]*\\]{{0,4}}(?P<sign>[ \t]{{0,3}}(?:=>|:=|=(?!=)|:(?!:))(?:\*\*)?[ \t]{{0,3}})
    (?:[bfu]?(?P<quote>["'`])(?P<quoted>(?=\S)(?:\\.|(?!(?P=quote))[^\n\\]){{1,500}})(?P=quote)
    |(?:["'`](?=\w))?(?P<bare>{RUN}))"""
)
# What stands where a secret could, and is none: a place to fill in, a type, a word of the trade.
HARMLESS = re.compile(
    r"""(?ix)[$%<{\[(*/#|&].*|x{3,}|.*\.{3}|.*…|-+
    |:[a-z_]\w*|option|flag|argument|parameter|to|is|for|and|or|from
    |none|null|nil|true|false|undefined|required|optional|missing|empty|invalid|wrong|correct|expired|weak|strong|hidden
    |str|string|text|bytes|int|integer|number|bool|boolean|any|unknown|never|void|object|secretstr|field|form|query
    |header|headers|cookie|auth|authentication|authorization|bearer|basic|scheme|example|input|output|value|values
    |body|data|hashed|plain|redacted|(?:argon2\w*|bcrypt|scrypt|pbkdf2|sha-?\d+|md5|base64|utf-?8|hs256|rs256|jwt|uuid\d?)(?:-\w+)*
    |(?:[a-z_]+[ _.-]){0,3}(?:(?:password|secret|token|credential)s?|passphrase|pwd|key|hash)"""
)
AROUND = 200  # characters before and after a value, of its line
SENTENCE = re.compile(r"[A-Z]?[a-z'\d]+[,:]?(?: [\w',.:;!?()/-]+){2,}")
SPEECH = re.compile(
    r"(?i)\b(?:a|again|and|are|at|be|enter|for|forgot|has|in|is|it|least|long|must|new|no|not|of|or|please|short|the|to|too|try"
    r"|was|with|wrong|you|your)\b"
)
NAME = re.compile(r"[A-Za-z_][A-Za-z_]*(?:\??\.[A-Za-z_]+)*")
PATTERNS = [
    *((kind, re.compile(pattern)) for kind, pattern in TOKENS.items()),
    *((kind, re.compile(pattern)) for kind, patterns in CONTEXTS.items() for pattern in patterns),
]


def redact(text: str) -> str:
    """The text with each secret as `[redacted: kind]`. Source: the issuers' published shapes, and words before values.

    A pattern can miss a secret that looks like a word, and says so nowhere: read a record before you commit it.
    """
    for kind, pattern in PATTERNS:
        text = pattern.sub(partial(_found, kind), text)
    return ASSIGNED.sub(_assigned, text)


def _found(kind: str, found: re.Match[str]) -> str:
    named = found.groupdict()
    group = next((name for name in ("secret", "quoted") if named.get(name)), None)
    if group and _is_harmless(found[group].rstrip(".!?:)")):
        return found[0]
    return _hidden(found, group, kind)


def _hidden(found: re.Match[str], group: str | None, kind: str) -> str:
    start, end = (place - found.start() for place in found.span(group or 0))
    return f"{found[0][:start]}[redacted: {kind}]{found[0][end:]}"


def _assigned(found: re.Match[str]) -> str:
    group = "quoted" if found["quoted"] else "bare"
    value = found[group].rstrip(".!?:")
    certain = _is_quoted_secret(found, value) if group == "quoted" else _is_bare_secret(found, value)
    return _hidden(found, group, "key" if found["key"] else "password") if certain else found[0]


def _is_harmless(value: str) -> bool:
    """Whether it is a place to fill in, a type or a word of the trade, or some of these: `string|null`."""
    return bool(HARMLESS.fullmatch(value)) or all(
        not part or HARMLESS.fullmatch(part) for part in re.split(r"[|&=]|\?\?|[)}\]].*", value)
    )


def _is_mixed(value: str, least: int) -> bool:
    """Whether it looks random: long enough, one word, letters and digits (or very long)."""
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return " " not in value and len(value) >= least and (bool(mixed) or len(value) >= 24)


def _is_quoted_secret(found: re.Match[str], value: str) -> bool:
    if _is_harmless(value):
        return False
    if found["key"]:
        return _is_mixed(value, 8)
    is_sentence = SENTENCE.fullmatch(value) and SPEECH.search(value) and re.search("[a-z]{4}", value)
    return "phrase" in found[0].lower() or "=" in found["sign"] or not is_sentence


def _is_bare_secret(found: re.Match[str], value: str) -> bool:
    """Without quotes it may be code, a type or a sentence as well: what stands around it decides."""
    text, sign = found.string, found["sign"]
    if _is_harmless(value) or re.match(r"[\w.+/\\\"')}\]-]*[(\[{<]", value):
        return False
    before = text[max(found.start() - AROUND, 0) : found.start()].rpartition("\n")[2]
    is_last = not text[found.end() : found.end() + AROUND].partition("\n")[0].strip(" \t\r.!?:")
    if NAME.fullmatch(value):
        if not found["word"]:  # of the environment: `DB_PASS=swordfish`
            word, least = (found["key"], 8) if found["key"] else (found["short"], 4)
            return sign == "=" and word.isupper() and len(value) >= least
        is_argument = re.search(r"[(,]\s*[\w-]*$", before) is not None
        is_setting = is_last and re.fullmatch(r"[\s\-{]*[\w.-]*", before) is not None
        return "." not in value and (not is_argument if "=" in sign else is_setting)
    if found["key"]:
        return _is_mixed(value, 8 if sign == "=" else 12) or (sign == "=" and value.isdecimal() and len(value) >= 8)
    if found["short"]:
        return len(value) >= 5 and all(re.search(part, value) for part in ("[A-Za-z]", r"[\d!@#$%^&*]"))
    is_set = "=" in sign and not (value.isdecimal() and len(value) < 4)
    return is_set or (len(value) >= 4 and (is_last or re.search("[A-Za-z]", value) is not None))

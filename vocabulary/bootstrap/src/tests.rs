use super::*;
use meta::value;
use proptest::prelude::*;

const NOW: &str = "2026-01-01T00:00:10Z";

fn secret(data: &[(&str, &str)]) -> TokenSecret {
    let mut encoded = Value::map();
    for (key, text) in data {
        encoded.set(key, STANDARD.encode(text));
    }
    let secret = value!({"metadata": {"name": "bootstrap-token-abcdef"}, "type": SECRET_TYPE, "data": encoded});
    TokenSecret::read(&secret).unwrap()
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

const HALVES: [(&str, &str); 2] = [("token-id", "abcdef"), ("token-secret", "0123456789abcdef")];
const AUTHENTICATES: (&str, &str) = ("usage-bootstrap-authentication", "true");
const SIGNS: (&str, &str) = ("usage-bootstrap-signing", "true");

#[test]
fn tokens_have_two_halves() {
    for (token, expect) in [
        ("abcdef.0123456789abcdef", true),
        ("abcdef.0123456789abcde", false),
        ("abcde.0123456789abcdef", false),
        ("abcdeF.0123456789abcdef", false),
        ("abcdef.0123456789abcdef.", false),
        ("abcdef0123456789abcdef", false),
        ("", false),
    ] {
        assert_eq!(halves(token).is_some(), expect, "{token}");
    }
}

#[test]
fn a_token_stands_for_a_user_in_groups() {
    let with =
        |more: &[(&str, &str)]| secret(&[&HALVES[..], more].concat()).authenticate("abcdef", "0123456789abcdef", now());
    let plain = Ok(("system:bootstrap:abcdef".to_string(), vec!["system:bootstrappers".to_string()]));
    assert_eq!(with(&[AUTHENTICATES]), plain);
    assert_eq!(with(&[AUTHENTICATES, ("expiration", "2026-01-01T00:00:11Z")]), plain);
    let grouped = with(&[AUTHENTICATES, ("auth-extra-groups", "system:bootstrappers:b,system:bootstrappers:a-1")]);
    assert_eq!(grouped.unwrap().1, ["system:bootstrappers", "system:bootstrappers:a-1", "system:bootstrappers:b"]);
    for more in [
        &[][..],
        &[SIGNS],
        &[("usage-bootstrap-authentication", "yes")],
        &[AUTHENTICATES, ("expiration", NOW)],
        &[AUTHENTICATES, ("expiration", "tomorrow")],
        &[AUTHENTICATES, ("auth-extra-groups", "system:masters")],
        &[AUTHENTICATES, ("auth-extra-groups", "system:bootstrappers:")],
        &[AUTHENTICATES, ("auth-extra-groups", "system:bootstrappers:a,")],
        &[AUTHENTICATES, ("token-id", "abcdeg")],
        &[AUTHENTICATES, ("token-secret", "0123456789abcdeg")],
    ] {
        assert!(with(more).is_err(), "{more:?}");
    }
}

#[test]
fn a_token_signs_under_its_own_name() {
    let with = |more: &[(&str, &str)]| secret(&[&HALVES[..], more].concat()).signing(now()).is_some();
    assert!(with(&[SIGNS]));
    for more in [
        &[][..],
        &[AUTHENTICATES],
        &[SIGNS, ("token-id", "abcdeg")],
        &[SIGNS, ("token-secret", "")],
        &[SIGNS, ("expiration", NOW)],
    ] {
        assert!(!with(more), "{more:?}");
    }
}

#[test]
fn other_secrets_hold_no_token() {
    assert!(TokenSecret::read(&value!({"type": "Opaque", "data": {}})).is_none());
    let deleted = value!({"type": SECRET_TYPE, "metadata": {"deletionTimestamp": NOW}});
    assert_eq!(
        TokenSecret::read(&deleted).unwrap().authenticate("a", "", now()),
        Err("is deleted and awaiting removal")
    );
}

proptest! {
    #[test]
    fn garbage_stands_for_nobody(token in ".*", id in any::<Vec<u8>>(), end in ".*", groups in any::<Vec<u8>>()) {
        let data = value!({"token-id": (STANDARD.encode(id)), "expiration": (STANDARD.encode(end)),
            "auth-extra-groups": (STANDARD.encode(groups)), "token-secret": "***"});
        let read = TokenSecret::read(&value!({"type": SECRET_TYPE, "data": data})).unwrap();
        let (id, secret) = halves(&token).unwrap_or(("abcdef", "0123456789abcdef"));
        prop_assert!(read.authenticate(id, secret, now()).is_err());
        prop_assert_eq!(read.signing(now()), None);
    }
}

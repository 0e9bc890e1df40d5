use super::*;
use crate::evaluate;
use meta::{Value, parse};

/// What is found in a pod of these annotations and this spec; `standard` as in `baseline:v1.20`.
fn found(standard: &str, annotations: &str, spec: &str) -> String {
    let (level, version) = standard.split_once(':').unwrap();
    let (level, version) = (Level::parse(level).unwrap(), Version::parse(version).unwrap());
    let pod = format!(r#"{{"metadata":{{"annotations":{annotations}}},"spec":{spec}}}"#);
    let pod: Value = parse(pod.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {pod}"));
    evaluate(Standard { level, version }, &Pod::of(&pod)).to_string()
}

fn check(standard: &str, spec: &str, expect: &str) {
    assert_eq!(found(standard, "{}", spec), expect, "{standard} {spec}");
}

/// Of a spec with a container `a` of this security context; what is forbidden of any such container is not repeated.
fn check_context(standard: &str, context: &str, expect: &str) {
    check(standard, &format!(r#"{{"containers":[{{"name":"a","securityContext":{context}}}]}}"#), expect);
}

fn check_annotations(standard: &str, annotations: &str, expect: &str) {
    assert_eq!(found(standard, annotations, r#"{"containers":[{"name":"a"},{"name":"b"}]}"#), expect, "{annotations}");
}

#[test]
fn the_list_is_in_order_and_complete() {
    let place = |check: &Check| (check.level, check.name);
    assert!(CHECKS.is_sorted_by(|one, other| place(one) < place(other)));
    for check in CHECKS {
        assert!(check.forms.is_sorted_by(|one, other| one.since < other.since), "{}", check.name);
        let known = CHECKS.iter().any(|other| other.name == check.stricter && other.level == Level::Restricted);
        assert!(check.stricter.is_empty() || known, "{}", check.name);
    }
}

#[test]
fn the_privileged_level_forbids_nothing() {
    check(
        "privileged:latest",
        r#"{"hostNetwork":true,"containers":[{"name":"a","securityContext":{"privileged":true}}]}"#,
        "",
    );
}

#[test]
fn a_plain_pod_is_fine_for_the_baseline_alone() {
    const PLAIN: &str = r#"{"initContainers":[{"name":"i"}],"containers":[{"name":"a"},{"name":"b"}],"ephemeralContainers":[{"name":"e"}]}"#;
    const ALL: &str = r#"containers "i", "a", "b", "e""#;
    check("baseline:latest", PLAIN, "");
    check("baseline:v1.0", PLAIN, "");
    let escalation =
        format!("allowPrivilegeEscalation != false ({ALL} must set securityContext.allowPrivilegeEscalation=false)");
    let capabilities =
        format!(r#"unrestricted capabilities ({ALL} must set securityContext.capabilities.drop=["ALL"])"#);
    let root = format!("runAsNonRoot != true (pod or {ALL} must set securityContext.runAsNonRoot=true)");
    let seccomp = format!(
        r#"seccompProfile (pod or {ALL} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#
    );
    check("restricted:v1.0", PLAIN, &root);
    check("restricted:v1.8", PLAIN, &format!("{escalation}, {root}"));
    check("restricted:v1.19", PLAIN, &format!("{escalation}, {root}, {seccomp}"));
    check("restricted:v1.22", PLAIN, &format!("{escalation}, {capabilities}, {root}, {seccomp}"));
    check("restricted:latest", PLAIN, &format!("{escalation}, {capabilities}, {root}, {seccomp}"));
}

#[test]
fn a_pod_may_be_fine_for_all() {
    const CAREFUL: &str = r#"{"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[
        {"name":"a","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}}}]}"#;
    for version in ["v1.0", "v1.8", "v1.19", "v1.22", "v1.25", "v1.34", "v1.35", "v1.99", "latest"] {
        check(&format!("restricted:{version}"), CAREFUL, "");
    }
}

#[test]
fn windows_knows_no_privileges() {
    const WINDOWS: &str =
        r#"{"os":{"name":"windows"},"securityContext":{"runAsNonRoot":true},"containers":[{"name":"a"}]}"#;
    check(
        "restricted:v1.24",
        WINDOWS,
        r#"allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#,
    );
    check("restricted:v1.25", WINDOWS, "");
}

#[test]
fn host_namespaces() {
    check("baseline:v1.0", r#"{"hostNetwork":false,"hostPID":true}"#, "host namespaces (hostPID=true)");
    check(
        "baseline:latest",
        r#"{"hostNetwork":true,"hostPID":true,"hostIPC":true}"#,
        "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
    );
}

#[test]
fn volumes() {
    const BAD: &str = r#"{"volumes":[{"name":"a","hostPath":{"path":"/"}},{"name":"b","nfs":{}},{"name":"c","emptyDir":{}},{"name":"d","hostPath":{}}]}"#;
    check("baseline:latest", BAD, r#"hostPath volumes (volumes "a", "d")"#);
    check("baseline:latest", r#"{"volumes":[{"name":"a","hostPath":{}}]}"#, r#"hostPath volumes (volume "a")"#);
    check(
        "restricted:v1.0",
        BAD,
        r#"restricted volume types (volumes "a", "b", "d" use restricted volume types "hostPath", "nfs")"#,
    );
    for allowed in [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ] {
        check("restricted:latest", &format!(r#"{{"volumes":[{{"name":"a","{allowed}":{{}}}}]}}"#), "");
    }
    for restricted in ["gitRepo", "iscsi", "cephfs", "storageos", "scaleIO", "unknown"] {
        let expect = format!(r#"restricted volume types (volume "a" uses restricted volume type "{restricted}")"#);
        check("restricted:latest", &format!(r#"{{"volumes":[{{"name":"a","{restricted}":{{}}}}]}}"#), &expect);
    }
}

#[test]
fn host_ports() {
    check(
        "baseline:latest",
        r#"{"containers":[{"name":"a","ports":[{"hostPort":80},{"hostPort":9}]},{"name":"b","ports":[{"containerPort":1},{"hostPort":0}]},{"name":"c","ports":[{"hostPort":80}]}]}"#,
        r#"hostPort (containers "a", "c" use hostPorts 80, 9)"#,
    );
    check(
        "baseline:v1.0",
        r#"{"initContainers":[{"name":"a","ports":[{"hostPort":80}]}]}"#,
        r#"hostPort (container "a" uses hostPort 80)"#,
    );
}

#[test]
fn hosts_of_probes_and_hooks() {
    const BAD: &str = r#"{"containers":[{"name":"b","livenessProbe":{"httpGet":{"host":"z"}},"readinessProbe":{"tcpSocket":{"host":"y"}},"startupProbe":{"httpGet":{"host":""}}}],
        "initContainers":[{"name":"c","lifecycle":{"preStop":{"httpGet":{"host":"y"}},"postStart":{"tcpSocket":{"host":"x"}}}}]}"#;
    check("baseline:v1.33", BAD, "");
    check(
        "baseline:v1.34",
        BAD,
        r#"probe or lifecycle host (containers "b", "c" use probe or lifecycle hosts "x", "y", "z")"#,
    );
    check(
        "baseline:latest",
        r#"{"containers":[{"name":"b","startupProbe":{"tcpSocket":{"host":"z"}}}]}"#,
        r#"probe or lifecycle host (container "b" uses probe or lifecycle host "z")"#,
    );
}

#[test]
fn privileged_containers() {
    check_context("baseline:latest", r#"{"privileged":false}"#, "");
    check_context(
        "baseline:v1.0",
        r#"{"privileged":true}"#,
        r#"privileged (container "a" must not set securityContext.privileged=true)"#,
    );
}

#[test]
fn masks_of_proc() {
    const BAD: &str = r#"procMount (container "a" must not set securityContext.procMount to "Unmasked")"#;
    const OWN_USERS: &str =
        r#"{"hostUsers":false,"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}"#;
    check_context("baseline:latest", r#"{"procMount":"Default"}"#, "");
    check_context("baseline:latest", r#"{"procMount":"Unmasked"}"#, BAD);
    check("baseline:v1.34", OWN_USERS, BAD);
    check("baseline:v1.35", OWN_USERS, "");
    for version in ["v1.34", "v1.35", "latest"] {
        assert_eq!(found(&format!("restricted:{version}"), "{}", OWN_USERS).matches(BAD).count(), 1, "{version}");
    }
}

#[test]
fn own_users_may_be_root() {
    const ROOT: &str = r#"{"hostUsers":false,"securityContext":{"runAsUser":0,"seccompProfile":{"type":"Localhost"}},"os":{"name":"windows"},"containers":[{"name":"a"}]}"#;
    check(
        "restricted:v1.34",
        ROOT,
        r#"runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), runAsUser=0 (pod must not set runAsUser=0)"#,
    );
    check("restricted:v1.35", ROOT, "");
}

#[test]
fn who_is_root() {
    let check = |spec: &str, expect: &str| {
        let spec = format!(r#"{{"os":{{"name":"windows"}},{spec}}}"#);
        check("restricted:latest", &spec, expect);
    };
    check(
        r#""securityContext":{"runAsNonRoot":false},"containers":[{"name":"a","securityContext":{"runAsNonRoot":false}},{"name":"b"}]"#,
        r#"runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false)"#,
    );
    check(
        r#""securityContext":{"runAsNonRoot":true},"containers":[{"name":"a","securityContext":{"runAsNonRoot":false}},{"name":"b"}]"#,
        r#"runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)"#,
    );
    check(
        r#""containers":[{"name":"a","securityContext":{"runAsNonRoot":true}},{"name":"b"}]"#,
        r#"runAsNonRoot != true (pod or container "b" must set securityContext.runAsNonRoot=true)"#,
    );
    check(
        r#""securityContext":{"runAsNonRoot":true,"runAsUser":0},"containers":[{"name":"a","securityContext":{"runAsUser":0}},{"name":"b","securityContext":{"runAsUser":1}}]"#,
        r#"runAsUser=0 (pod and container "a" must not set runAsUser=0)"#,
    );
}

#[test]
fn capabilities() {
    check_context("baseline:latest", r#"{"capabilities":{"add":["CHOWN","SYS_CHROOT"],"drop":["X"]}}"#, "");
    const BAD: &str = r#"{"capabilities":{"add":["SYS_TIME","CHOWN","NET_RAW"]}}"#;
    const ADDED: &str = r#"(container "a" must not include "NET_RAW", "SYS_TIME" in securityContext.capabilities.add)"#;
    check_context("baseline:latest", BAD, &format!("non-default capabilities {ADDED}"));
    let old = found("restricted:v1.21", "{}", &format!(r#"{{"containers":[{{"name":"a","securityContext":{BAD}}}]}}"#));
    assert!(old.starts_with(&format!("non-default capabilities {ADDED}, allowPriv")), "{old}");
    let new = found("restricted:v1.22", "{}", &format!(r#"{{"containers":[{{"name":"a","securityContext":{BAD}}}]}}"#));
    const BOTH: &str = r#"unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN", "NET_RAW", "SYS_TIME" in securityContext.capabilities.add)"#;
    assert!(new.contains(BOTH) && !new.contains("non-default"), "{new}");
}

#[test]
fn se_linux_options() {
    const ENGINE: &str = r#"{"seLinuxOptions":{"type":"container_engine_t"}}"#;
    check_context("baseline:latest", r#"{"seLinuxOptions":{"level":"s0"}}"#, "");
    check_context("baseline:v1.31", ENGINE, "");
    check_context(
        "baseline:v1.30",
        ENGINE,
        r#"seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t")"#,
    );
    check(
        "baseline:latest",
        r#"{"securityContext":{"seLinuxOptions":{"type":"b","role":"r"}},"containers":[{"name":"a","securityContext":{"seLinuxOptions":{"type":"a","user":"u"}}},{"name":"b","securityContext":{"seLinuxOptions":{"type":"container_t"}}}]}"#,
        r#"seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: types "a", "b"; user may not be set; role may not be set)"#,
    );
}

#[test]
fn seccomp_profiles() {
    check_context("baseline:latest", r#"{"seccompProfile":{"type":"Localhost"}}"#, "");
    const BAD: &str = r#"{"securityContext":{"seccompProfile":{"type":"Unconfined"}},"containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"x"}}},{"name":"b"}]}"#;
    const TOLD: &str = r#"seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined", "x")"#;
    check("baseline:v1.18", BAD, "");
    check("baseline:v1.19", BAD, TOLD);
    let strict = found("restricted:latest", "{}", BAD);
    assert!(strict.ends_with(TOLD) && strict.matches("seccompProfile (").count() == 1, "{strict}");
}

#[test]
fn seccomp_by_annotations() {
    const BAD: &str = r#"{"seccomp.security.alpha.kubernetes.io/pod":"unconfined","container.seccomp.security.alpha.kubernetes.io/b":"","container.seccomp.security.alpha.kubernetes.io/none":"x"}"#;
    check_annotations(
        "baseline:v1.18",
        BAD,
        r#"seccompProfile (forbidden annotations container.seccomp.security.alpha.kubernetes.io/b="", seccomp.security.alpha.kubernetes.io/pod="unconfined")"#,
    );
    check_annotations("baseline:v1.19", BAD, "");
    check_annotations("baseline:v1.0", r#"{"seccomp.security.alpha.kubernetes.io/pod":"docker/default"}"#, "");
}

#[test]
fn app_armor_profiles() {
    check_context("baseline:latest", r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#, "");
    check_context(
        "baseline:v1.0",
        r#"{"appArmorProfile":{"type":"Unconfined"}}"#,
        r#"forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")"#,
    );
    check_annotations(
        "baseline:latest",
        r#"{"container.apparmor.security.beta.kubernetes.io/a":"localhost/x","container.apparmor.security.beta.kubernetes.io/b":"","container.apparmor.security.beta.kubernetes.io/c":"unconfined"}"#,
        r#"forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")"#,
    );
    let mixed = found(
        "baseline:latest",
        r#"{"container.apparmor.security.beta.kubernetes.io/a":"x","container.apparmor.security.beta.kubernetes.io/b":"y"}"#,
        r#"{"securityContext":{"appArmorProfile":{"type":"z"}}}"#,
    );
    assert_eq!(
        mixed,
        r#"forbidden AppArmor profiles (pod and annotations must not set AppArmor profile type to "z", "container.apparmor.security.beta.kubernetes.io/a="x"", "container.apparmor.security.beta.kubernetes.io/b="y"")"#
    );
}

#[test]
fn sysctls() {
    let spec = |name: &str| format!(r#"{{"securityContext":{{"sysctls":[{{"name":"{name}"}}]}}}}"#);
    for (name, since) in [
        ("kernel.shm_rmid_forced", 0),
        ("net.ipv4.ip_unprivileged_port_start", 0),
        ("net.ipv4.ip_local_reserved_ports", 27),
        ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_rmem", 32),
        ("net.ipv4.tcp_wmem", 32),
        ("kernel.msgmax", 99),
    ] {
        for version in [0, 26, 27, 28, 29, 31, 32, 35] {
            let expect = if version < since { format!("forbidden sysctls ({name})") } else { String::new() };
            check(&format!("baseline:v1.{version}"), &spec(name), &expect);
        }
    }
    check(
        "baseline:latest",
        r#"{"securityContext":{"sysctls":[{"name":"b"},{"name":"a"}]}}"#,
        "forbidden sysctls (b, a)",
    );
}

#[test]
fn processes_of_a_windows_host() {
    check(
        "baseline:latest",
        r#"{"securityContext":{"windowsOptions":{"hostProcess":true}},"containers":[{"name":"a","securityContext":{"windowsOptions":{"hostProcess":true}}},{"name":"b","securityContext":{"windowsOptions":{"hostProcess":false}}}]}"#,
        r#"hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)"#,
    );
}

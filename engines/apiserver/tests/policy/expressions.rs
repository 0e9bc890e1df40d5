//! Rules in CEL: of policies, of webhooks' configurations, of custom kinds.

use crate::world::{World, admin, core, refusal};
use meta::{Gvr, Value, value};

fn admission(plural: &str) -> Gvr {
    Gvr::new("admissionregistration.k8s.io", "v1", plural)
}

fn policy(name: &str, more: &[(&str, Value)]) -> Value {
    let mut policy = value!({"metadata": {"name": name}, "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]}}});
    for (field, given) in more {
        policy.set(&format!("spec.{field}"), given.clone());
    }
    policy
}

fn binding(name: &str, more: &[(&str, Value)]) -> Value {
    let mut binding = value!({"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}});
    for (field, given) in more {
        binding.set(&format!("spec.{field}"), given.clone());
    }
    binding
}

async fn with(world: &World, policy: Value, binding: Value) {
    world.given(admission("validatingadmissionpolicies"), "", policy).await;
    world.given(admission("validatingadmissionpolicybindings"), "", binding).await;
}

async fn config_map(world: &World, name: &str, data: Value) -> Result<Value, meta::Status> {
    let mut object = value!({"metadata": {"name": name}});
    object.set("data", data);
    world.create(admin(), core("configmaps"), "default", object).await
}

#[tokio::test(start_paused = true)]
async fn a_policy_refuses_by_its_variables() {
    let world = World::start().await;
    let variables = value!([
        {"name": "size", "expression": "size(object.data)"},
        {"name": "odd", "expression": "variables.size % 2 == 1"}]);
    let validations = value!([
        {"expression": "variables.odd", "messageExpression": "'has ' + string(variables.size) + ' entries'"},
        {"expression": "has(object.data.a)", "message": "a is missing", "reason": "Forbidden"}]);
    with(&world, policy("odd", &[("variables", variables), ("validations", validations)]), binding("odd", &[])).await;
    assert!(config_map(&world, "good", value!({"a": "1"})).await.is_ok());
    let refused = config_map(&world, "even", value!({"a": "1", "b": "2"})).await.unwrap_err();
    let told = "ValidatingAdmissionPolicy 'odd' with binding 'odd' denied request: has 2 entries";
    assert_eq!(refused.message, format!("configmaps \"even\" is forbidden: {told}"));
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    assert_eq!(refused.details.unwrap().causes[0].message, told);
    let refused = config_map(&world, "other", value!({"b": "2"})).await.unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_cannot_be_evaluated_fails() {
    let world = World::start().await;
    let validations = value!([{"expression": "object.data.missing == 'x'"}]);
    with(&world, policy("p", &[("validations", validations)]), binding("p", &[])).await;
    assert_eq!(
        refusal(config_map(&world, "c", value!({"a": "1"})).await),
        "configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: expression 'object.data.missing == 'x'' resulted in error: no such key: missing"
    );
    let ignoring =
        policy("q", &[("validations", value!([{"expression": "object.nope"}])), ("failurePolicy", "Ignore".into())]);
    let refused = world.create(admin(), admission("validatingadmissionpolicies"), "", ignoring).await;
    assert!(refusal(refused).contains("must evaluate to bool but got dyn"));
}

#[tokio::test(start_paused = true)]
async fn params_conditions_and_places_narrow_a_policy() {
    let world = World::start().await;
    let given = [
        ("paramKind", value!({"apiVersion": "v1", "kind": "ConfigMap"})),
        ("matchConditions", value!([{"name": "not-params", "expression": "object.metadata.name != 'limits'"}])),
        ("validations", value!([{"expression": "size(object.data) <= int(params.data.most)"}])),
    ];
    let param = value!({"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"});
    with(&world, policy("p", &given), binding("p", &[("paramRef", param)])).await;
    assert_eq!(
        refusal(config_map(&world, "c", value!({"a": "1"})).await),
        "configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
    );
    world.given(core("namespaces"), "", value!({"metadata": {"name": "other", "labels": {"x": "y"}}})).await;
    let selector = value!({"namespaceSelector": {"matchLabels": {"x": "y"}}});
    let narrowed = binding("narrow", &[("policyName", "p".into()), ("matchResources", selector)]);
    world.given(admission("validatingadmissionpolicybindings"), "", narrowed).await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_compile_is_not_stored() {
    let world = World::start().await;
    let policies = || admission("validatingadmissionpolicies");
    for (field, given, expect) in [
        (
            "validations",
            value!([{"expression": "object.x == "}]),
            "spec.validations[0].expression: Invalid value: \"object.x == \": compilation failed: ERROR: <input>:1:13: Syntax error: mismatched input '<EOF>' expecting",
        ),
        (
            "validations",
            value!([{"expression": "params.x == 1"}]),
            "compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^",
        ),
        (
            "matchConditions",
            value!([{"name": "a", "expression": "1"}]),
            "spec.matchConditions[0].expression: Invalid value: \"1\": must evaluate to bool but got int",
        ),
        (
            "variables",
            value!([{"name": "a", "expression": "variables.b"}]),
            "spec.variables[0].expression: Invalid value: \"variables.b\": compilation failed: ERROR: <input>:1:10: undefined field 'b'",
        ),
    ] {
        let mut given_policy = policy("p", &[("validations", value!([{"expression": "true"}]))]);
        given_policy.set(&format!("spec.{field}"), given);
        let message = refusal(world.create(admin(), policies(), "", given_policy).await);
        assert!(message.contains(expect), "{message}");
    }
    let hook = value!({"metadata": {"name": "h"}, "webhooks": [{"name": "a.b.c", "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://example.com/x"},
        "matchConditions": [{"name": "a", "expression": "object.x = 1"}]}]});
    let hooks = admission("validatingwebhookconfigurations");
    let message = refusal(world.create(admin(), hooks, "", hook).await);
    assert!(message.contains("webhooks[0].matchConditions[0].expression: Invalid value: \"object.x = 1\": compilation failed: ERROR: <input>:1:10: Syntax error: token recognition error at: '= '"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn what_a_policy_cannot_be_evaluated_with() {
    let world = World::start().await;
    let validations = || value!([{"expression": "params.data.x == '1'"}]);
    let of = |api_version: &str, kind: &str| value!({"apiVersion": api_version, "kind": kind});
    for (name, kind, conditions, expect) in [
        (
            "a",
            of("x.y/v1", "Zed"),
            value!([]),
            "ValidatingAdmissionPolicy 'a' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'x.y/v1, Kind=Zed'",
        ),
        (
            "b",
            of("v1", "ConfigMap"),
            value!([]),
            "ValidatingAdmissionPolicy 'b' with binding 'b' denied request: expression 'params.data.x == '1'' resulted in error: no such key: data",
        ),
        (
            "c",
            of("v1", "ConfigMap"),
            value!([{"name": "a", "expression": "object.p == 1"}, {"name": "b", "expression": "object.q == 1"}]),
            "ValidatingAdmissionPolicy 'c' with binding 'c' denied request: [expression 'object.p == 1' resulted in error: no such key: p, expression 'object.q == 1' resulted in error: no such key: q]",
        ),
    ] {
        let given = [("validations", validations()), ("paramKind", kind), ("matchConditions", conditions)];
        with(&world, policy(name, &given), binding(name, &[])).await;
        let refused = refusal(config_map(&world, "m", value!({"a": "1"})).await);
        assert_eq!(refused, format!("configmaps \"m\" is forbidden: {expect}"));
        for plural in ["validatingadmissionpolicybindings", "validatingadmissionpolicies"] {
            let request = client::Request::delete(admission(plural), meta::Key::cluster(name));
            assert_eq!(world.call(admin(), request).await.unwrap_err().code, 200);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_asks_what_the_writer_may() {
    let world = World::start().await;
    let validations = value!([
        {"expression": "authorizer.group('').resource('pods').namespace('default').check('create').allowed()"},
        {"expression": "authorizer.requestResource.check('create').allowed()"},
        {"expression": "request.userInfo.username == 'admin' && namespaceObject.metadata.name == 'default'"}]);
    with(&world, policy("p", &[("validations", validations)]), binding("p", &[])).await;
    assert!(config_map(&world, "c", value!({"a": "1"})).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rules_of_custom_kinds_are_kept() {
    let world = World::start().await;
    let definition = |rule: &str| {
        let mut schema = value!({"type": "object"});
        schema.set("properties.spec", value!({"type": "object", "properties": {"x": {"type": "integer"}}}));
        schema.set("properties.spec.x-kubernetes-validations", value!([{"rule": rule}]));
        let mut version = value!({"name": "v1", "served": true, "storage": true});
        version.set("schema.openAPIV3Schema", schema);
        let mut definition = value!({"metadata": {"name": "widgets.example.com"}, "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}}});
        definition.set("spec.versions", vec![version]);
        definition
    };
    let definitions = || Gvr::new("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    let message = refusal(world.create(admin(), definitions(), "", definition("self.z == 1")).await);
    assert!(message.contains("compilation failed: ERROR: <input>:1:5: undefined field 'z'"), "{message}");
    world.given(definitions(), "", definition("self.x > 0 && (oldSelf.x < self.x)")).await;
    let widgets = || Gvr::new("example.com", "v1", "widgets");
    let widget = |x: i64| value!({"metadata": {"name": "w"}, "spec": {"x": x}});
    let made = loop {
        match world.create(admin(), widgets(), "default", widget(1)).await {
            Err(status) if status.code == 404 => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            answer => break answer.unwrap(),
        }
    };
    let mut same = widget(1);
    same.set("metadata.resourceVersion", made.str("metadata.resourceVersion"));
    let request = client::Request::update(widgets(), meta::Key::new("default", "w"), same);
    assert_eq!(
        refusal(world.call(admin(), request).await),
        "Widget.example.com \"w\" is invalid: spec: Invalid value: failed rule: self.x > 0 && (oldSelf.x < self.x)"
    );
}

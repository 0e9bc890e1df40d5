#!/usr/bin/env bash
# What people do with kubectl all day, against the API alone: $KUBECTL on $KUBECONFIG. Every step that answers otherwise
# than expected is told; the number of steps is printed at the end.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
steps=0 failed=0
k() { "$KUBECTL" "$@"; }

# step PATTERN COMMAND...: the output holds the pattern (an extended regular expression) and the command succeeds.
step() {
  local pattern=$1 output
  shift
  steps=$((steps + 1))
  if output=$("$@" 2>&1) && grep -Eq -- "$pattern" <<< "$output"; then return; fi
  failed=$((failed + 1))
  printf 'failed: %s\n  expected: %s\n  said: %s\n' "$*" "$pattern" "$(head -n 5 <<< "$output")"
}
# refused PATTERN COMMAND...: the command fails and says so.
refused() {
  local pattern=$1 output
  shift
  steps=$((steps + 1))
  if ! output=$("$@" 2>&1) && grep -Eq -- "$pattern" <<< "$output"; then return; fi
  failed=$((failed + 1))
  printf 'not refused: %s\n  expected: %s\n  said: %s\n' "$*" "$pattern" "$(head -n 5 <<< "$output")"
}
from() { # TEXT COMMAND...: the text as standard input
  local text=$1
  shift
  "$@" <<< "$text"
}

deployment='{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}}}'

step 'Server Version: v1\.35' k version
step '^deployments +deploy +apps/v1 +true +Deployment' k api-resources
step '^apps/v1$' k api-versions
for resource in $(k api-resources --no-headers -o name); do
  step '^(GROUP|KIND):' k explain "${resource%%.*}" --recursive
done
step 'default' k get namespaces
step 'namespace/trial created' k create namespace trial
k config set-context --current --namespace=trial > "$work/said"

# No controller is there to make it.
step 'serviceaccount/default created' k create serviceaccount default

step 'deployment.apps/web created' from "$deployment" k create -f -
refused 'AlreadyExists' from "$deployment" k create -f -
step 'deployment.apps/web unchanged|configured' from "$deployment" k apply -f -
step 'deployment.apps/web serverside-applied' from "$deployment" k apply --server-side --force-conflicts -f -
step '^NAME +READY +UP-TO-DATE +AVAILABLE +AGE' k get deployments
step 'CONTAINERS +IMAGES +SELECTOR' k get deployments -o wide
step 'kind: Deployment' k get deployment web -o yaml
step '"kind": "Deployment"' k get deployment web -o json
step '^web:1$' k get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image}'
step '^web +2' k get deployment web --no-headers -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas
step '^deployment.apps/web$' k get deployment web -o name
step 'Replicas: +2 desired' k describe deployment web
step 'deployment.apps/web scaled' k scale deployment web --replicas=3
step 'deployment.apps/web patched' k patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}'
step 'deployment.apps/web patched' k patch deployment web --type=merge -p '{"spec":{"replicas":4}}'
step 'deployment.apps/web patched' k patch deployment web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":5}]'
step '^5 web:2$' k get deployment web -o 'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}'
step 'deployment.apps/web labeled' k label deployment web tier=front
step '^web' k get deployments -l tier=front --no-headers
step 'deployment.apps/web annotated' k annotate deployment web note=here
step 'deployment.apps/web image updated' k set image deployment/web web=web:3
step 'deployment.apps/web edited' env KUBE_EDITOR='sed -i s/web:3/web:4/' "$KUBECTL" edit deployment web
step '^web:4$' k get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image}'
steps=$((steps + 1))
from "${deployment/web:1/web:9}" k diff -f - > "$work/difference" 2>&1
if [ $? -ne 1 ] || ! grep -q '+.*image: web:9' "$work/difference"; then
  failed=$((failed + 1)); echo "failed: diff"; head -n 5 "$work/difference"
fi

step 'configmap/settings created' k create configmap settings --from-literal=color=blue
step 'secret/token created' k create secret generic token --from-literal=key=value
step 'service/web created' k create service clusterip web --tcp=80:8080
step 'ClusterIP' k get service web
step 'job.batch/once created' k create job once --image=web:1
step 'serviceaccount/worker created' k create serviceaccount worker
step '^ey' k create token worker
step 'role.rbac.authorization.k8s.io/reader created' k create role reader --verb=get --resource=pods
step 'created' k create rolebinding reader --role=reader --serviceaccount=trial:worker
step '^yes$' k auth can-i get pods --as=system:serviceaccount:trial:worker
refused '^no' k auth can-i delete pods --as=system:serviceaccount:trial:worker
step 'selfsubjectrulesreviews' k auth can-i --list
step 'system:masters' k auth whoami
step 'pod/single created' k run single --image=web:1 --restart=Never
step 'condition met' k wait pod/single --for=jsonpath='{.spec.restartPolicy}'=Never --timeout=5s
k patch pod single --subresource=status --type=merge -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}' > "$work/said"
step 'condition met' k wait pod/single --for=condition=Ready --timeout=5s
step 'single +1/1|single +0/1' k get pods
step '^configmap/settings' k get configmaps,secrets -o name
step 'web' k get all
refused 'NotFound' k get configmap nothing
refused "doesn't have a resource type" k get nothing
refused 'Invalid value|invalid' k create configmap Not_A_Name
refused 'spec.replicas' k patch deployment web --type=merge -p '{"spec":{"replicas":-1}}'
step 'created \(dry run\)' k create configmap unborn --dry-run=client
step 'created \(server dry run\)' k create configmap unborn --dry-run=server
refused 'NotFound' k get configmap unborn

# A watch shows a change that is made while it stands.
k get configmaps -w --no-headers > "$work/watched" 2>&1 &
watching=$!
for _ in $(seq 100); do grep -q '^settings' "$work/watched" && break; sleep 0.05; done
k create configmap late > "$work/said"
for _ in $(seq 100); do grep -q '^late' "$work/watched" && break; sleep 0.05; done
kill "$watching"
step '^late' cat "$work/watched"

step 'configmap "late" deleted' k delete configmap late
step 'deleted' k delete pod single --now --wait=false
step 'deleted' k delete deployment,service,job --all --wait=false
step 'deleted' k delete namespace trial --wait=false
k config set-context --current --namespace=default > "$work/said"
echo "$((steps - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]

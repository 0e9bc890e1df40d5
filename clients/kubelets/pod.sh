#!/usr/bin/env bash
# A node joins and a pod lives on it, seen through the API: $KUBECTL on $KUBECONFIG, the node $NODE, the image $IMAGE on it.
# Where $SERVICES is set the node also carries Services.
set -uo pipefail
work=$(mktemp -d)
forwarding=
trap 'rm -rf "$work"; kill $forwarding 2> /dev/null' EXIT
steps=0 output=
k() { "$KUBECTL" "$@"; }
failed() { printf 'failed: %s\n  said: %s\n%s passed, 1 failed\n' "$*" "$output" "$steps"; exit 1; }
# says PATTERN COMMAND...: the command succeeds and a line of its output fits the regular expression.
says() {
  local pattern=$1
  shift
  output=$("$@" 2>&1) && grep -Eq -- "$pattern" <<< "$output"
}
step() { says "$@" || failed "$@"; steps=$((steps + 1)); }
refused() { ! says . "${@:2}" && grep -Eq -- "$1" <<< "$output" || failed "$@"; steps=$((steps + 1)); }
eventually() {
  for _ in $(seq 300); do
    says "$@" && { steps=$((steps + 1)); return; }
    sleep 0.2
  done
  failed "$@"
}
from() { # TEXT COMMAND...: the text as standard input
  local text=$1
  shift
  "$@" <<< "$text"
}
renewal() { k get lease "$NODE" --namespace kube-node-lease -o 'jsonpath={.spec.renewTime}'; }
renewed() { [ "$(renewal)" != "$1" ] && echo renewed; }
fetch() { # PORT: a page, by bash alone
  exec 3<> "/dev/tcp/127.0.0.1/$1" && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && cat <&3
}

pod='{"apiVersion":"v1","kind":"Pod","metadata":{"name":"guest","labels":{"app":"guest"}},"spec":{
  "terminationGracePeriodSeconds":2,"containers":[{"name":"guest","image":"'$IMAGE'","imagePullPolicy":"Never",
  "command":["sh","-c","echo the color is $color; mkdir /web; echo a page > /web/index.html; exec httpd -f -p 8080 -h /web"],
  "envFrom":[{"configMapRef":{"name":"settings"}}],
  "readinessProbe":{"exec":{"command":["cat","/web/index.html"]},"periodSeconds":1}}]}}'

eventually "^$NODE +Ready" k get node "$NODE" --no-headers
eventually '^[0-9]' renewal
before=$(renewal)
eventually 'default' k get serviceaccount default
eventually 'kube-root-ca.crt' k get configmap kube-root-ca.crt
step 'created' k create configmap settings --from-literal=color=blue
step 'pod/guest created' from "$pod" k create -f -
step 'condition met' k wait pod/guest --for=condition=Ready --timeout=60s
step "^Running $NODE [0-9.]+\$" k get pod guest -o 'jsonpath={.status.phase} {.spec.nodeName} {.status.podIP}'
eventually 'Started' k get events --field-selector=involvedObject.name=guest
step '^the color is blue$' k logs guest
step '^20[^ ]+Z the color is blue$' k logs guest --timestamps --tail=1
step '^guest$' k exec guest -- cat /etc/hostname
step '^default$' k exec guest -- cat /var/run/secrets/kubernetes.io/serviceaccount/namespace
step '^carried$' from carried k exec --stdin guest -- cat
refused 'exit code 3' k exec guest -- sh -c 'exit 3'
step '^a page$' k get --raw /api/v1/namespaces/default/pods/guest:8080/proxy/
step '"podRef"' k get --raw "/api/v1/nodes/$NODE/proxy/stats/summary"
k port-forward pod/guest :8080 > "$work/forwarded" 2>&1 &
forwarding=$!
eventually '127.0.0.1:' cat "$work/forwarded"
step '^a page$' fetch "$(grep -oEm 1 '127.0.0.1:[0-9]+' "$work/forwarded" | cut -d : -f 2)"
if [ "${SERVICES:-}" ]; then
  # As `k1s node --help` says: a node may read no endpoints.
  step 'created' k create clusterrole nodes-network --verb=list,watch --resource=services,namespaces,endpointslices.discovery.k8s.io
  step 'created' k create clusterrolebinding nodes-network --clusterrole=nodes-network --group=system:nodes
  step 'exposed' k expose pod guest --port=80 --target-port=8080
  address=$(k get service guest -o 'jsonpath={.spec.clusterIP}')
  eventually '^a page$' k exec guest -- timeout 2 wget -qO - "http://$address"
  step "Address: *$address" k exec guest -- nslookup -type=a guest.default.svc.cluster.local
fi
eventually 'renewed' renewed "$before"
step 'deleted' k delete pod guest --timeout=60s
refused 'NotFound' k get pod guest
echo "$steps passed, 0 failed"

#!/usr/bin/env bash
# A chart's life with helm: installed, listed, upgraded, rolled back, removed. $HELM on $KUBECONFIG.
set -euo pipefail
chart=$(dirname "$(readlink -f "$0")")/helm/web
steps=0
step() { # PATTERN COMMAND...
  local pattern=$1 output
  shift
  output=$("$@" 2>&1) || { printf 'failed: %s\n%s\n0 passed, 1 failed\n' "$*" "$output"; exit 1; }
  grep -Eq -- "$pattern" <<< "$output" || { printf 'failed: %s\n%s\n0 passed, 1 failed\n' "$*" "$output"; exit 1; }
  steps=$((steps + 1))
}
step 'STATUS: deployed' "$HELM" install one "$chart" --namespace charts --create-namespace
step '^one[[:space:]]+charts[[:space:]]+1[[:space:]].*deployed' "$HELM" list --namespace charts
step 'color: blue' "$HELM" get manifest one --namespace charts
step 'STATUS: deployed' "$HELM" upgrade one "$chart" --namespace charts --set color=red,replicas=3
step 'color: red' "$HELM" get manifest one --namespace charts
step 'Rollback was a success' "$HELM" rollback one 1 --namespace charts
step '^3[[:space:]].*deployed' "$HELM" history one --namespace charts
step 'color: blue' "$HELM" get manifest one --namespace charts
step 'uninstalled' "$HELM" uninstall one --namespace charts
echo "$steps passed, 0 failed"

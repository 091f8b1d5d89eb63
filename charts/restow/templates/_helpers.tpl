{{- define "restow.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "restow.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "restow.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "restow.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "restow.selectorLabels" -}}
app.kubernetes.io/name: {{ include "restow.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "restow.labels" -}}
{{ include "restow.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "restow.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "restow.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name: give the name of an existing ServiceAccount, or set serviceAccount.create=true" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "restow.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{/* The newest version of MutatingAdmissionPolicy that the API server has; empty for none. */}}
{{- define "restow.gateVersion" -}}
{{- $group := "admissionregistration.k8s.io" }}
{{- range $version := list "v1" "v1beta1" }}
{{- if $.Capabilities.APIVersions.Has (printf "%s/%s/MutatingAdmissionPolicy" $group $version) -}}
{{ printf "%s/%s" $group $version }}
{{- break }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the operator finds the token to show to Prometheus; empty for none. */}}
{{- define "restow.prometheusTokenFile" -}}
{{- if .Values.prometheus.tokenFile }}
{{- .Values.prometheus.tokenFile }}
{{- else if and .Values.prometheus.existingSecret.name .Values.prometheus.existingSecret.tokenKey }}
{{- printf "/etc/prometheus/%s" .Values.prometheus.existingSecret.tokenKey }}
{{- end }}
{{- end }}

{{/* Where it finds the certificates that prove who Prometheus is; empty for those of the image. */}}
{{- define "restow.prometheusCaFile" -}}
{{- if .Values.prometheus.caFile }}
{{- .Values.prometheus.caFile }}
{{- else if and .Values.prometheus.existingSecret.name .Values.prometheus.existingSecret.caKey }}
{{- printf "/etc/prometheus/%s" .Values.prometheus.existingSecret.caKey }}
{{- end }}
{{- end }}

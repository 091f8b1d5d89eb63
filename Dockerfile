# syntax=docker/dockerfile:1
# The builder and the runtime have the same Python minor version and the same C library (Debian 12):
# wheels with compiled code are copied from the one to the other.
FROM python:3.11-slim-bookworm AS builder

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src

# Dependencies first: they change less often than the code, so their layer is used again.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['dask'], sep='\\n')" > requirements.txt \
    && pip install --target /app --constraint constraints.txt --requirement requirements.txt \
    && rm -rf /app/bin

COPY operator ./operator
# The sources stay beside the bytecode: the descriptions in the CRDs are read from them. The hot
# loops are compiled here, for any processor: the operator cannot keep what it compiles.
RUN pip install --target /app --no-deps . \
    && rm -rf /app/bin \
    && python -m compileall -q --invalidation-mode unchecked-hash /app \
    && PYTHONPATH=/app python -c "from restow.packing.solve import get_ready; get_ready()" \
    && PYTHONPATH=/app python -c "from restow.rescheduling.warming import get_ready; get_ready()" \
    && PYTHONPATH=/app python -c "from restow.sharing.warming import get_ready; get_ready()"

# No shell, no package manager, no root.
FROM gcr.io/distroless/python3-debian12:nonroot

LABEL org.opencontainers.image.title="restow" \
      org.opencontainers.image.description="Packs a Kubernetes cluster beside kube-scheduler" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=builder /app /app
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/python3", "-m", "restow.cli"]
CMD ["run"]

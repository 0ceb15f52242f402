# The production image: the wheel and its run-time dependencies, run by an account without any right.

FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
# Every file is fetched once and checked against its hash in the lock; from here on nothing comes from the network.
COPY requirements.lock ./
RUN pip wheel --require-hashes --no-deps --wheel-dir /wheels -r requirements.lock
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-index --find-links /wheels hatchling
COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
# Only what the platform itself asks for, in the versions that lie there: the tools for tests stay behind.
RUN python -m venv /opt/caseway && /opt/caseway/bin/pip install --no-index --find-links /wheels caseway

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/caseway --create-home --shell /usr/sbin/nologin caseway
COPY --from=build /opt/caseway /opt/caseway
ENV PATH=/opt/caseway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CASEWAY_HOST=0.0.0.0 \
    CASEWAY_PORT=8000 \
    CASEWAY_DATA_DIR=/var/lib/caseway \
    CASEWAY_LOG_JSON=true
USER caseway
WORKDIR /var/lib/caseway
VOLUME /var/lib/caseway
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['CASEWAY_PORT']}/healthz\", timeout=4)"]
ENTRYPOINT ["caseway"]
CMD ["serve"]

# The whole lab in one image: app, worker, compiler, virtual board. Each step is run for real by scripts/try_image.py.
#   docker build -t tinyml-lab .
#   docker run --read-only --tmpfs /tmp -v tinyml-lab:/data -p 127.0.0.1:8501:8501 tinyml-lab

# What every container runs with, and no more: Python, Node, the cross compiler for the boards' cores.
FROM debian:trixie-slim AS runtime
ENV LANG=C.UTF-8
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates python3 nodejs gcc libc6-dev cmake ninja-build \
      gcc-arm-none-eabi libnewlib-arm-none-eabi libnewlib-dev libstdc++-arm-none-eabi-newlib pico-sdk-source \
# Of 2.5 GB of libraries only those of Cortex-M0+ (v6-m) and Cortex-M33 (v8-m.main) stay.
 && for root in $(find /usr/lib/arm-none-eabi /usr/lib/gcc/arm-none-eabi -type d -name thumb); do \
      rm -rf "${root%/thumb}/arm"; \
      find "$root" -mindepth 1 -maxdepth 1 -type d \
        ! -name v6-m ! -name v8-m.main ! -name v8-m.main+fp -exec rm -rf {} +; \
    done \
 && rm -f /usr/bin/*lto-dump* \
 && find /usr/share/doc -mindepth 2 -type f ! -name copyright -delete \
 && rm -rf /usr/share/man /usr/share/info /usr/share/locale /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

# What is needed to make the parts: a C++ compiler for cmsisdsp, npm for the virtual board.
FROM runtime AS parts
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3-venv python3-dev g++ npm
RUN python3 -m venv /opt/uv \
 && /opt/uv/bin/pip install --no-cache-dir uv
WORKDIR /app
COPY requirements.txt ./
RUN python3 -m venv --without-pip /opt/venv \
 && /opt/uv/bin/uv pip install --no-cache --compile-bytecode --python /opt/venv/bin/python -r requirements.txt \
# TensorFlow's C++ headers and its Clang are for building on it; the others are tests of their own.
 && cd /opt/venv/lib/python3*/site-packages \
 && rm -rf tensorflow/include clang pandas/tests pyarrow/tests pyarrow/include
COPY firmware/virtual_board firmware/virtual_board
RUN cd firmware/virtual_board \
 && npm ci --no-audit --no-fund --ignore-scripts \
 && npm run --silent build

FROM runtime
LABEL org.opencontainers.image.title="TinyML Lab" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin lab \
 && install -d -o lab -g lab /data
WORKDIR /app
COPY --from=parts /opt/venv /opt/venv
COPY . .
COPY --from=parts /app/firmware/virtual_board firmware/virtual_board
RUN /opt/venv/bin/python -m compileall -q lab pages streamlit_app.py
# HOME is on the volume: the root may be read-only. A new volume begins with the parts compiled below.
ENV HOME=/data LAB_HOME=/data/lab XDG_CACHE_HOME=/data/cache PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 STREAMLIT_SERVER_PORT=8501 STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none
USER lab
RUN python deploy/prepare.py
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "deploy/health.py"]
CMD ["streamlit", "run", "streamlit_app.py"]

# syntax=docker/dockerfile:1
# The published form: one binary (profile `dist`) with the page inside, on a small Debian.

FROM rust:1.95.0-slim-bookworm AS builder
# npm brings wasm-opt; without it the page would be 1.7 times as large.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends npm \
    && rm -rf /var/lib/apt/lists/*
# The image has the toolchain that rust-toolchain.toml names, without the components for tests.
ENV RUSTUP_TOOLCHAIN=1.95.0 \
    XDG_CACHE_HOME=/cache
WORKDIR /hallway

# Dependencies and tools are a layer of their own: only manifests decide when it is built anew.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY xtask xtask
COPY backend/Cargo.toml backend/
COPY frontend/Cargo.toml frontend/
COPY migrations/Cargo.toml migrations/
COPY rig/Cargo.toml rig/
COPY shared/Cargo.toml shared/
RUN mkdir backend/src frontend/src migrations/src rig/src shared/src \
    && echo 'fn main() {}' | tee backend/src/main.rs frontend/src/main.rs rig/src/main.rs \
    && touch backend/src/lib.rs frontend/src/lib.rs migrations/src/lib.rs rig/src/lib.rs shared/src/lib.rs \
    && cargo xtask tools \
    && cargo build --locked --profile dist --package hallway \
    && cargo build --locked --profile wasm-release --target wasm32-unknown-unknown --package frontend \
    && rm -r backend/src frontend/src migrations/src rig/src shared/src

COPY . .
# Sources older than what was built from the empty ones above would be taken for built.
RUN find backend frontend migrations rig shared -name '*.rs' -exec touch {} + \
    && cargo xtask build --profile dist


FROM debian:bookworm-slim
# A fixed number, so that a volume of files keeps its owner from one image to the next.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin hallway \
    && install --directory --owner=hallway --group=hallway --mode=0700 /data
COPY --from=builder /hallway/target/dist/hallway /usr/local/bin/hallway
ENV HALLWAY_LISTEN=0.0.0.0:8000 \
    HALLWAY_DATA=/data
USER hallway
WORKDIR /data
VOLUME /data
EXPOSE 8000
# bash speaks enough TCP for one question; curl would bring thirty packages to keep patched.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --start-interval=1s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health/live HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["hallway"]
CMD ["serve"]

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Not the lockfile's better-sqlite3 12, which would be compiled here and crashes on Node 24.19 and newer: 13 brings its binaries.
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund \
  && npm install --include=dev --no-save --ignore-scripts --no-audit --no-fund better-sqlite3@13.2.0 \
  && find node_modules/better-sqlite3/prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete
COPY tsconfig.json tsconfig.types.json ./
COPY licenses ./licenses
COPY migrations ./migrations
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="mixpeek-mock" \
  org.opencontainers.image.description="A stateful mock and reference server for Mixpeek's organization endpoint" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="MIT"
# A seed file that is mounted here, /app/mixpeek-mock.yaml, is found by itself.
WORKDIR /app
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY structures ./structures
# Everything else that runs is in the bundle.
COPY --from=build /app/node_modules/better-sqlite3/package.json /app/node_modules/better-sqlite3/LICENSE ./node_modules/better-sqlite3/
COPY --from=build /app/node_modules/better-sqlite3/lib ./node_modules/better-sqlite3/lib
COPY --from=build /app/node_modules/better-sqlite3/prebuilds ./node_modules/better-sqlite3/prebuilds
COPY --from=build /app/dist ./dist
# Keeps the compiled code that later starts begin with, and fails here, not then, when something is missing.
RUN node dist/cli.cjs exec -- true \
  && mkdir --mode=700 /data \
  && chown 1000:1000 /data

# Variables, because arguments of `docker run` would take the place of a CMD. Another port goes into MIXPEEK_MOCK_PORT
# too: there the health check finds it.
ENV NODE_ENV=production \
  MIXPEEK_MOCK_HOST=0.0.0.0 \
  MIXPEEK_MOCK_DB=/data/mock.db
# In numbers: Kubernetes cannot tell of a name that it is not root's.
USER 1000:1000
VOLUME /data
EXPOSE 4030
# Not --start-interval, which Debian's buildah refuses: compose.yaml has it.
HEALTHCHECK --interval=30s --timeout=4s --start-period=10s --retries=3 CMD ["node", "/app/dist/cli.cjs", "health"]
ENTRYPOINT ["node", "/app/dist/cli.cjs"]

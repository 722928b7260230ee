# Builds the collector with its tracker, runs it without root on a read-only root file system; only /data is written.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npx --yes pnpm@10.34.9 install --frozen-lockfile --filter='!@pixel-mirror/testing' --filter='!@pixel-mirror/bench' \
 && npx --yes pnpm@10.34.9 run build \
 && npx --yes pnpm@10.34.9 --filter=@pixel-mirror/collector --prod --legacy deploy /app

FROM node:24-bookworm-slim
ENV NODE_ENV=production QUEUE_URL=sqlite:/data/queue.db
WORKDIR /app
COPY --from=build --chown=root:root /app /app
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8080) + '/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/pixel-mirror.js"]
CMD ["start"]

// What the bench hands over, by environment variables.
"use strict";

const broker = new URL(process.env.PEERS_BROKER_URL);

module.exports = {
  queue: "mails",
  recipients: process.env.PEERS_RECIPIENTS,
  templates: process.env.PEERS_TEMPLATES,
  smtpPort: Number(process.env.PEERS_SMTP_PORT),
  connection: { host: broker.hostname, port: Number(broker.port), maxRetriesPerRequest: null },
  database: {
    host: process.env.PEERS_DATABASE_HOST,
    database: process.env.PEERS_DATABASE,
    user: "postgres",
  },
};

// One worker process: BullMQ, nodemailer with a pool of connections, Handlebars, pg.
"use strict";

const fs = require("node:fs");
const { Worker } = require("bullmq");
const Handlebars = require("handlebars");
const nodemailer = require("nodemailer");
const { Pool } = require("pg");
const settings = require("./settings");

const CONCURRENCY = 50; // as in BullMQ's documentation
const STATUS = "UPDATE mails SET status = 'sent', at = clock_timestamp() WHERE number = $1";

const { brand, sender, subject, text, html } = JSON.parse(
  fs.readFileSync(settings.templates, "utf8"),
);
const fill = {
  subject: Handlebars.compile(subject, { noEscape: true }),
  text: Handlebars.compile(text, { noEscape: true }),
  html: Handlebars.compile(html),
};
const database = new Pool(settings.database);
// https://nodemailer.com/usage/bulk-mail
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: settings.smtpPort,
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: 20,
  maxMessages: Infinity,
});

async function send({ data }) {
  const values = { ...data, brand, isGerman: data.country === "DE" };
  await transport.sendMail({
    from: sender,
    to: data.recipient,
    subject: fill.subject(values),
    text: fill.text(values),
    html: fill.html(values),
    headers: {
      "List-Unsubscribe": `<${data.unsubscribe_url}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
  });
  await database.query(STATUS, [data.number]);
}

const worker = new Worker(settings.queue, send, {
  connection: settings.connection,
  concurrency: CONCURRENCY,
});
worker.on("failed", (_, error) => console.error(error));
worker.waitUntilReady().then(() => console.log("worker ready"));

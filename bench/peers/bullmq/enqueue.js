// Adds a job for everyone in the file of recipients, by `addBulk` as BullMQ's documentation says.
"use strict";

const fs = require("node:fs");
const { Queue } = require("bullmq");
const settings = require("./settings");

const BATCH = 1000;

async function main() {
  const queue = new Queue(settings.queue, {
    connection: settings.connection,
    defaultJobOptions: { removeOnComplete: true },
  });
  const lines = fs.readFileSync(settings.recipients, "utf8").trimEnd().split("\n");
  for (let begin = 0; begin < lines.length; begin += BATCH) {
    const batch = lines.slice(begin, begin + BATCH);
    await queue.addBulk(batch.map((line) => ({ name: "mail", data: JSON.parse(line) })));
  }
  await queue.close();
}

main();

// Pairs of a source and a sentence made of its words. Each false one says something else with the same numbers and names; beside it stand
// true ones with as much changed, so that nothing is won by refusing everything.
import { describe, expect, test } from 'vitest'
import type { SourceChunk } from './source-chunk.ts'
import { createVerifySentence } from './verify-sentence.ts'

// Few words need be shared here: it is the literal claims that decide.
const verifySentence = createVerifySentence({
  thresholds: { coverage: 0.5, coverageOfParaphrase: 0.5, similarityOfParaphrase: 1, similarity: -1 },
})

function verify(sentence: string, source: string) {
  const chunk: SourceChunk = {
    id: 'chunk',
    documentId: 'document',
    documentTitle: null,
    headings: [],
    text: source,
    startOffset: 0,
    endOffset: source.length,
    denseRank: 1,
    lexicalRank: 1,
    denseSimilarity: null,
  }
  return verifySentence({ text: sentence }, [chunk])
}

type Pair = [sentence: string, source: string]

function carried(pairs: readonly Pair[]): void {
  test.each(pairs)('"%s" is carried by "%s"', (sentence, source) => {
    expect(verify(sentence, source)).toMatchObject({ isVerified: true, failures: [] })
  })
}

function refused(pairs: readonly Pair[]): void {
  test.each(pairs)('"%s" is not carried by "%s"', (sentence, source) => {
    expect(verify(sentence, source)?.isVerified ?? false).toBe(false)
  })
}

describe('numbers and units', () => {
  refused([
    ['Alpha takes 10 minutes and Beta takes 5.', 'Alpha takes 5 minutes and Beta takes 10.'],
    ['Alpha takes 10 minutes.', 'Alpha takes 5 minutes and Beta takes 10.'],
    ['Alpha takes 10 minutes.', 'Alpha takes 5 minutes and Beta 10.'],
    ['The port is 30.', 'The timeout is 30 seconds and the port is 80.'],
    ['The port is 30 seconds.', 'The timeout is 30 seconds and the port is 80.'],
    ['The timeout is 80 seconds.', 'The timeout is 30 seconds and the port is 80.'],
    ['The job takes 5 minutes.', 'The job takes 5 to 10 minutes.'],
    ['The job takes 5 to 15 minutes.', 'The job takes 5 to 10 minutes.'],
    ['The price rose by 5 percent.', 'The price rose by 5 euros.'],
    ['The price rose by 5.', 'The price rose by 5 %.'],
    ['The price rose by 5 percentage points.', 'The price rose by 5 %.'],
    ['The session ends after 2 hours.', 'The session ends after 60 minutes.'],
    ['The archive holds 1 GiB.', 'The archive holds 1000 MB.'],
    ['The disk has 100 GB and the memory 4 GB.', 'The disk has 4 GB and the memory 100 GB.'],
    ['Berlin has 5 servers and Paris has 3.', 'Berlin has 3 servers and Paris has 5.'],
    ['There are 5 clients and 3 servers.', 'There are 3 clients and 5 servers.'],
    ['Twelve users failed and three passed.', 'Three users failed and twelve passed.'],
    [
      'Production uses PostgreSQL 15 and staging uses PostgreSQL 14.',
      'Production uses PostgreSQL 14 and staging uses PostgreSQL 15.',
    ],
    [
      'The fee is 20 euros for members and 10 euros for guests.',
      'The fee is 10 euros for members and 20 euros for guests.',
    ],
    ['Members pay a fee of 20 euros.', 'The fee is 10 euros for members and 20 euros for guests.'],
    ['The gateway retries 5 times and the worker 3 times.', 'The gateway retries 3 times and the worker 5 times.'],
    [
      'The read timeout is 10 seconds, the write timeout 5 seconds.',
      'The read timeout is 5 seconds, the write timeout 10 seconds.',
    ],
    ['The write timeout is 5 seconds.', 'The read timeout is 5 seconds, the write timeout 10 seconds.'],
    ['Port 80 is used for HTTPS.', 'Port 443 is used for HTTPS and port 80 for HTTP.'],
    ['HTTP uses port 443.', 'Port 443 is used for HTTPS and port 80 for HTTP.'],
    ['The quota is 10 GB.', 'The quota is 10 MB.'],
    ['The rate fell from 7 % to 5 %.', 'The rate fell from 5 % to 7 %.'],
    ['The rate rose from 5 % to 7 %.', 'The rate fell from 5 % to 7 %.'],
    ['Between 5 and 20 nodes are supported.', 'Between 5 and 10 nodes are supported.'],
    ['The cable is 3 m long and 5 cm thick.', 'The cable is 5 m long and 3 cm thick.'],
    [
      'The memory limit is 512 MB for workers and 256 MB for the gateway.',
      'The memory limit is 256 MB for workers and 512 MB for the gateway.',
    ],
    ['Workers have a memory limit of 512 MB.', 'The memory limit is 256 MB for workers and 512 MB for the gateway.'],
    ['Members get 20 percent and guests 10 percent off.', 'Members get 10 percent and guests 20 percent off.'],
  ])
  carried([
    ['Beta takes 10 minutes.', 'Alpha takes 5 minutes and Beta takes 10.'],
    ['Beta takes 10 minutes and Alpha takes 5.', 'Alpha takes 5 minutes and Beta takes 10.'],
    ['Alpha takes 5 minutes.', 'Alpha takes 5 minutes and Beta takes 10.'],
    ['The port is 80.', 'The timeout is 30 seconds and the port is 80.'],
    ['The job takes between 5 and 10 minutes.', 'The job takes 5 to 10 minutes.'],
    ['The job takes 5-10 minutes.', 'The job takes 5 to 10 minutes.'],
    ['The price rose by 5 percent.', 'The price rose by 5 %.'],
    ['The session ends after 1 hour.', 'The session ends after 60 minutes.'],
    ['The archive holds 1 GB.', 'The archive holds 1000 MB.'],
    ['Guests pay a fee of 20 euros.', 'The fee is 10 euros for members and 20 euros for guests.'],
    ['The write timeout is 10 seconds.', 'The read timeout is 5 seconds, the write timeout 10 seconds.'],
    ['HTTPS uses port 443.', 'Port 443 is used for HTTPS and port 80 for HTTP.'],
    [
      'The memory limit for the gateway is 512 MB.',
      'The memory limit is 256 MB for workers and 512 MB for the gateway.',
    ],
    ['Workers have a memory limit of 256 MB.', 'The memory limit is 256 MB for workers and 512 MB for the gateway.'],
  ])
})

describe('dates and times', () => {
  refused([
    ['The audit took place on 5 March 2024.', 'The audit took place on 5 March 2023, and the report of 2024 followed.'],
    [
      'The audit took place on 5 March 2024.',
      'The audit took place on 5 March 2023, and the report was published in 2024.',
    ],
    [
      'The report was published in 2023.',
      'The audit took place on 5 March 2023, and the report was published in 2024.',
    ],
    [
      'Version 3 of the protocol was released in 2019 and version 2 in 2021.',
      'Version 2 of the protocol was released in 2019 and version 3 in 2021.',
    ],
    ['Acme acquired Globex in 2019.', 'Globex acquired Acme in 2019.'],
    ['The lease expires before 3 May 2024.', 'The lease expires after 3 May 2024.'],
    [
      'The ship left Hamburg on 3 May 2021 and arrived on 1 May 2021.',
      'The ship left Hamburg on 1 May 2021 and arrived on 3 May 2021.',
    ],
    ['The ship arrived on 1 May 2021.', 'The ship left Hamburg on 1 May 2021 and arrived on 3 May 2021.'],
    ['The ship arrived on 3 May 2022.', 'The ship left Hamburg on 1 May 2021 and arrived on 3 May 2021.'],
    ['The ship left on 2021-05-03.', 'The ship left Hamburg on 1 May 2021 and arrived on 3 May 2021.'],
    [
      'Revenue was 5 million euros in 2021 and 7 million in 2020.',
      'Revenue was 5 million euros in 2020 and 7 million in 2021.',
    ],
    ['In 2021 revenue was 5 million euros.', 'Revenue was 5 million euros in 2020 and 7 million in 2021.'],
    ['In 2020 revenue was 7 million euros.', 'Revenue was 5 million euros in 2020 and 7 million in 2021.'],
    ['Revenue was 5 billion euros in 2020.', 'Revenue was 5 million euros in 2020 and 7 million in 2021.'],
    ['The server was started in 2019 and stopped in 2021.', 'The server was stopped in 2019 and started in 2021.'],
    ['The meeting is on Tuesday.', 'The meeting is on Monday.'],
    ['The meeting is at 3 pm.', 'The meeting is at 3 am.'],
    ['The meeting is at 10:30.', 'The meeting is at 10:45.'],
  ])
  carried([
    [
      'The audit took place in March 2023.',
      'The audit took place on 5 March 2023, and the report was published in 2024.',
    ],
    [
      'The audit took place on March 5, 2023.',
      'The audit took place on 5 March 2023, and the report was published in 2024.',
    ],
    [
      'The report was published in 2024.',
      'The audit took place on 5 March 2023, and the report was published in 2024.',
    ],
    ['Globex was acquired by Acme in 2019.', 'Acme acquired Globex in 2019.'],
    ['The ship arrived on 3 May 2021.', 'The ship left Hamburg on 1 May 2021 and arrived on 3 May 2021.'],
    ['The ship left on 2021-05-01.', 'The ship left Hamburg on 1 May 2021 and arrived on 3 May 2021.'],
    ['In 2021 revenue was 7 million euros.', 'Revenue was 5 million euros in 2020 and 7 million in 2021.'],
  ])
})

describe('names and roles', () => {
  refused([
    ['Bob Miller manages Alice Stone.', 'Alice Stone manages Bob Miller.'],
    ['Alice Stone is managed by Bob Miller.', 'Alice Stone manages Bob Miller.'],
    [
      'Files are copied from the archive to the staging server.',
      'Files are copied from the staging server to the archive.',
    ],
    ['The data is moved from Berlin to Paris.', 'The data is moved from Paris to Berlin.'],
    ['Alice, Bob and Dave signed the contract.', 'Alice, Bob and Carol signed the contract.'],
    ['Alice, Bob, Carol and Dave signed the contract.', 'Alice, Bob and Carol signed the contract.'],
    ['Alpha runs on Windows and Beta on Linux.', 'Alpha runs on Linux and Beta runs on Windows.'],
    ['Alpha runs on Windows.', 'Alpha runs on Linux and Beta runs on Windows.'],
    ['The server notifies the client about changes.', 'The client notifies the server about changes.'],
    ['Mary Jones reported to John Smith.', 'John Smith reported to Mary Jones.'],
    ['Dr. Weber operated on Mr. Klein.', 'Mr. Klein operated on Dr. Weber.'],
    ['Peter sold the house to Maria.', 'Maria sold the house to Peter.'],
    ['Maria bought the house from Peter.', 'Peter bought the house from Maria.'],
    ['The letter was sent by Maria to Peter.', 'The letter was sent by Peter to Maria.'],
    ['Maria sent the letter to Peter.', 'The letter was sent by Peter to Maria.'],
    ['France defeated Brazil in the final.', 'Brazil defeated France in the final.'],
    ['The master replicates the slave.', 'The slave replicates the master.'],
    ['Alice Stone works in Berlin and Bob Miller in Paris.', 'Alice Stone works in Paris and Bob Miller in Berlin.'],
    ['Bob Miller works in Paris.', 'Alice Stone works in Paris and Bob Miller in Berlin.'],
    ['Alice Miller works in Paris.', 'Alice Stone works in Paris and Bob Miller in Berlin.'],
    ['The red wire is connected to the blue one.', 'The blue wire is connected to the red one.'],
    [
      'The manual was written by the tester and reviewed by the author.',
      'The manual was written by the author and reviewed by the tester.',
    ],
    ['The author reviewed the manual.', 'The manual was written by the author and reviewed by the tester.'],
  ])
  carried([
    ['Bob Miller is managed by Alice Stone.', 'Alice Stone manages Bob Miller.'],
    ['Alice Stone manages Bob Miller.', 'Bob Miller is managed by Alice Stone.'],
    ['Carol, Alice and Bob signed the contract.', 'Alice, Bob and Carol signed the contract.'],
    ['The contract was signed by Alice, Bob and Carol.', 'Alice, Bob and Carol signed the contract.'],
    ['Beta runs on Windows.', 'Alpha runs on Linux and Beta runs on Windows.'],
    ['The server is notified by the client about changes.', 'The client notifies the server about changes.'],
    ['Peter sent the letter to Maria.', 'The letter was sent by Peter to Maria.'],
    ['France was defeated by Brazil in the final.', 'Brazil defeated France in the final.'],
    ['Bob Miller works in Berlin.', 'Alice Stone works in Paris and Bob Miller in Berlin.'],
    ['The tester reviewed the manual.', 'The manual was written by the author and reviewed by the tester.'],
  ])
})

describe('frequency', () => {
  refused([
    ['The index is rebuilt daily.', 'The index is rebuilt weekly.'],
    ['The index is rebuilt every day.', 'The index is rebuilt weekly.'],
    ['The service handles 100 requests per minute.', 'The service handles 100 requests per second.'],
    ['Reports are sent monthly to Alice and weekly to Bob.', 'Reports are sent weekly to Alice and monthly to Bob.'],
    ['Reports are sent to Alice monthly.', 'Reports are sent weekly to Alice and monthly to Bob.'],
    ['The check runs twice a day.', 'The check runs once a day.'],
    ['The check runs every 5 minutes.', 'The check runs every 15 minutes.'],
    ['The check runs every 5 hours.', 'The check runs every 5 minutes.'],
    ['The quota is 10 GB per project.', 'The quota is 10 GB per user.'],
  ])
  carried([
    ['The index is rebuilt every week.', 'The index is rebuilt weekly.'],
    ['The index is rebuilt once a week.', 'The index is rebuilt weekly.'],
    ['Reports are sent to Alice weekly.', 'Reports are sent weekly to Alice and monthly to Bob.'],
    ['The check runs daily.', 'The check runs once a day.'],
    ['A quota of 10 GB applies to each user.', 'The quota is 10 GB per user.'],
  ])
})

describe('only', () => {
  refused([
    ['Only administrators may delete shared folders.', 'Administrators may delete shared folders.'],
    ['Administrators may delete only shared folders.', 'Only administrators may delete shared folders.'],
    ['Only one archive is encrypted.', 'Every archive is encrypted.'],
    ['Only the gateway listens on port 80.', 'The gateway listens only on port 80.'],
  ])
  carried([
    ['Administrators may delete shared folders.', 'Only administrators may delete shared folders.'],
    ['Shared folders may only be deleted by administrators.', 'Only administrators may delete shared folders.'],
    ['The gateway listens on port 80 only.', 'The gateway listens only on port 80.'],
  ])
})

describe('quantifiers, force and condition', () => {
  refused([
    ['All users may upload files.', 'Some users may upload files.'],
    ['Users may upload files.', 'Some users may upload files.'],
    ['The scan always finds the error.', 'The scan usually finds the error.'],
    ['The scan finds the error.', 'The scan usually finds the error.'],
    ['Users must change their password.', 'Users should change their password.'],
    ['The log is written to the console.', 'If the debug flag is set, the log is written to the console.'],
    ['Most requests fail.', 'Few requests fail.'],
    ['Both servers must be restarted.', 'One of the servers must be restarted.'],
    ['Every archive is encrypted.', 'Some archives are encrypted.'],
    ['No archive is encrypted.', 'Every archive is encrypted.'],
    ['The backup never fails.', 'The backup rarely fails.'],
    ['The backup often fails.', 'The backup rarely fails.'],
    ['Without a key the door opens.', 'With a key the door opens.'],
    ['The door opens without a key.', 'The door opens with a key.'],
    ['Half of the users were affected.', 'A quarter of the users were affected.'],
    ['A third of the users were affected.', 'A quarter of the users were affected.'],
    ['50 % of the users were affected.', '50 users were affected.'],
    ['All requests except uploads are logged.', 'All requests are logged.'],
    ['All requests are logged.', 'All requests except uploads are logged.'],
    ['The command deletes the file.', 'The command may delete the file.'],
  ])
  carried([
    ['Each archive is encrypted.', 'Every archive is encrypted.'],
    ['An archive is encrypted.', 'Every archive is encrypted.'],
  ])
})

describe('bounds, direction and order', () => {
  refused([
    ['The limit was raised from 10 to 5.', 'The limit was raised from 5 to 10.'],
    ['The export runs before the backup.', 'The export runs after the backup.'],
    ['The backup runs before the export.', 'The export runs before the backup.'],
    ['The minimum is 5 characters.', 'The maximum is 5 characters.'],
    [
      'The password has a minimum of 8 and a maximum of 64 characters.',
      'The password has a minimum of 64 and a maximum of 8 characters.',
    ],
    ['A password must have at most 8 characters.', 'A password must have at least 8 characters.'],
    ['The cache decreases the load of the database.', 'The cache increases the load of the database.'],
    ['A read needs less memory and a write more.', 'A read needs more memory and a write less.'],
    [
      'The option decreases the read timeout and increases the write timeout.',
      'The option increases the read timeout and decreases the write timeout.',
    ],
    [
      'The parent process starts before the child process ends.',
      'The child process starts before the parent process ends.',
    ],
    ['The temperature rose by 5 °C.', 'The temperature rose by 5 °F.'],
    [
      'Water expands below 4 degrees and contracts above 4 degrees.',
      'Water contracts below 4 degrees and expands above 4 degrees.',
    ],
    ['More than 10 nodes are supported.', 'Up to 10 nodes are supported.'],
    ['10 nodes are required.', 'Up to 10 nodes are supported.'],
    ['At least 10 nodes are supported.', 'Up to 10 nodes are supported.'],
    ['Step 3 comes before step 2.', 'Step 2 comes before step 3.'],
    ['Delete the index before you stop the server.', 'Stop the server before you delete the index.'],
    ['The index is not deleted.', 'The index is deleted when the server stops.'],
    ['The larger file is kept and the smaller one removed.', 'The smaller file is kept and the larger one removed.'],
    ['The house is older than the church.', 'The church is older than the house.'],
    ['The church is newer than the house.', 'The church is older than the house.'],
    [
      'Files older than 30 days are kept and newer files are deleted.',
      'Files older than 30 days are deleted and newer files are kept.',
    ],
    ['Files newer than 30 days are deleted.', 'Files older than 30 days are deleted.'],
    ['The first build failed and the second succeeded.', 'The first build succeeded and the second failed.'],
  ])
  carried([
    ['A password needs no less than 8 characters.', 'A password must have at least 8 characters.'],
    ['Up to ten nodes are supported.', 'Up to 10 nodes are supported.'],
    ['A maximum of 10 nodes is supported.', 'Up to 10 nodes are supported.'],
    ['You have to stop the server before deleting the index.', 'Stop the server before you delete the index.'],
  ])
})

describe('what stands in the place of what', () => {
  refused([
    ['The red lamp is switched on by the nurse.', 'The green lamp is switched on by the nurse.'],
    ['The manager signs the invoice on Friday.', 'The clerk signs the invoice on Friday.'],
    ['The garden gate is locked at night.', 'The stable gate is locked at night.'],
    ['The invoice is signed by the manager on Friday.', 'The invoice is signed by the clerk on Friday.'],
    [
      'The grain is stored in the south barn and the hay in the north barn.',
      'The grain is stored in the north barn and the hay in the south barn.',
    ],
    ['The ferry sails to the island.', 'If the wind is calm, the ferry sails to the island.'],
    ['The ferry sails to the island.', 'The ferry sails to the island unless the wind is strong.'],
    ['The last letter is stamped by the clerk.', 'Every letter is stamped by the clerk.'],
    ['The clerk must never open the letters.', 'The clerk should avoid opening the letters.'],
    ['The lamp burns oil and not gas.', 'The lamp burns gas and not oil.'],
    ['The lamp burns oil instead of gas.', 'The lamp burns gas instead of oil.'],
    ['The lamp burns oil.', 'The lamp burns gas instead of oil.'],
    ['The sealed crates are opened in the yard.', 'The unsealed crates are opened in the yard.'],
    ['The clerk weighs a few kilograms of salt.', 'The clerk weighs a few grams of salt.'],
    ['The guard who is not on duty may sleep.', 'The guard who is on duty may sleep.'],
    ['The keys are given to the guard by the porter.', 'The keys are given to the porter by the guard.'],
  ])
  carried([
    [
      'The hay is stored in the south barn and the grain in the north barn.',
      'The grain is stored in the north barn and the hay in the south barn.',
    ],
    ['The ferry sails to the island when the wind is calm.', 'If the wind is calm, the ferry sails to the island.'],
    ['The clerk removes the stamp from the letter.', 'The clerk deletes the stamp from the letter.'],
    ['The clerk should not open the letters.', 'The clerk should avoid opening the letters.'],
    ['The lamp burns gas.', 'The lamp burns gas instead of oil.'],
    ['The guard gives the keys to the porter.', 'The keys are given to the porter by the guard.'],
  ])
})

import { describe, expect, test } from 'vitest'
import { meetsExpectation, understandQuestion } from './understand-question.ts'

describe('understandQuestion', () => {
  test.each([
    ['How many minutes does it wait?', 'duration'],
    ['How long are backups kept?', 'duration'],
    ['What size in megabytes is recommended?', 'size'],
    ['Since which release is it there?', 'version'],
    ['In which year was it written?', 'date'],
    ['How many users may log in?', 'quantity'],
    ['What numeric user id has it?', 'number'],
    ['To which e-mail address do I write?', 'address'],
    ['Who chose the name?', 'person'],
    ['Where is the setting stored?', 'place'],
    ['In which directory does it look?', 'place'],
    ['Why is it ignored?', 'reason'],
    ['Which option lists them all?', 'name'],
    ['Tell me about backups', 'anything'],
  ])('%s asks for a %s', (text, expected) => {
    expect(understandQuestion(text).expected).toBe(expected)
  })

  test('focus terms are what is quoted, written like an identifier, or capitalised within the sentence', () => {
    const { focusTerms } = understandQuestion(
      'Which user does the "print queue" of CUPS run /usr/bin/lpr as in Debian 12?',
    )
    expect([...focusTerms].sort()).toEqual(['/usr/bin/lpr', '12', 'cup', 'debian', 'print', 'queue'])
  })

  test.each([
    ['In which directory are scores kept, and which mode does it have?', 2],
    ['How do I stop a check; what caps its rate?', 2],
    ['What turns the siren off? And for how long does it stay off?', 2],
    ['How many slots are there, and starting with which release is the hash a long one?', 2],
    ['Which port is it, what is the limit, and who set it?', 2],
    ['Which files and folders are kept?', 1],
    ['Is the fee paid in May and June?', 1],
    ['My pump is loud and hot. Which valve do I open?', 1],
    ['I have a loud pump and do not know what to open. Which valve is it?', 1],
    ['Which directory holds the logs? Which user owns them?\n', 2],
    ['Which option reads the file and shows where it was found?', 1],
    ['I forgot which of my keys opens which gate and where can I look it up?', 1],
    ['My screen goes dark when I read old pages and what could I set up instead?', 1],
    ['What is it? And who? Why? Where, and when?', 1],
  ])('%s', (question, count) => {
    expect(understandQuestion(question).parts).toHaveLength(count)
  })
})

describe('meetsExpectation', () => {
  test.each([
    ['How many minutes does it wait?', 'It waits for 5 minutes.', 'It waits for 5 clients.'],
    ['What size in megabytes is recommended?', 'At least 512 MB are needed.', 'At least 512 users fit.'],
    ['What numeric id has nobody?', 'The id of nobody is 65534.', 'The user nobody owns no files.'],
    ['Where is it stored?', 'It is kept in /etc/papersize.', 'It is kept by nobody at all'],
    ['To which e-mail address do I write?', 'Send mail to a@b.example.', 'Send mail to the owner.'],
    ['Which option lists them?', 'Use --all to see them.', 'use the other way to see them.'],
  ])('%s: yes for one, no for the other', (question, yes, no) => {
    expect(meetsExpectation(understandQuestion(question), yes)).toBe(true)
    expect(meetsExpectation(understandQuestion(question), no)).toBe(false)
  })

  test('a number that the question itself names is no answer', () => {
    expect(meetsExpectation(understandQuestion('What number follows 41?'), 'Here 41 is mentioned.')).toBe(false)
  })
})

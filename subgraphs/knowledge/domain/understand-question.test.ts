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

  test('a question with two halves has two parts, and "and" between nouns has none', () => {
    expect(understandQuestion('In which directory are scores kept, and which mode does it have?').parts).toHaveLength(2)
    expect(understandQuestion('Which files and folders are kept?').parts).toHaveLength(1)
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

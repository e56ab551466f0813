import { InputError } from '../base/inputError.ts';

/** One command of a script: assignments before it, then its words. */
export interface ShellCommand {
  readonly environment: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

/**
 * Takes a POSIX shell script apart: quotes, `\` at line ends, comments, assignments, redirections, and the variables that
 * the script itself sets or `variables` gives. Nothing is executed.
 * @throws InputError for what cannot be known without running it: unset variables, `$(...)`, unclosed quotes.
 */
export function shellCommands(text: string, variables: Readonly<Record<string, string>> = {}): ShellCommand[] {
  return new Shell(text, variables).read();
}

const SEPARATORS = new Set(['\n', ';', '&', '|', '(', ')']);
const NAME = /^[A-Za-z_]\w*$/;

class Shell {
  readonly #text: string;
  readonly #known: Map<string, string>;
  readonly #given: ReadonlySet<string>;
  readonly #commands: ShellCommand[] = [];
  #at = 0;
  #environment: Record<string, string> = {};
  #words: string[] = [];

  constructor(text: string, variables: Readonly<Record<string, string>>) {
    this.#text = text.replaceAll('\r\n', '\n');
    this.#known = new Map(Object.entries(variables));
    this.#given = new Set(this.#known.keys());
  }

  read(): ShellCommand[] {
    while (this.#at < this.#text.length) this.#step();
    this.#endCommand();
    return this.#commands;
  }

  #step(): void {
    const char = this.#text[this.#at];
    if (char === '#') this.#skipLine();
    else if (SEPARATORS.has(char)) {
      this.#at++;
      this.#endCommand();
    } else if (char === '\\' && this.#text[this.#at + 1] === '\n') this.#at += 2;
    else if (char === ' ' || char === '\t') this.#at++;
    else if (!this.#skipRedirection()) this.#addWord(this.#word());
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at++;
  }

  /** `> file`, `2>&1`, `< file`. */
  #skipRedirection(): boolean {
    const match = /^\d*(?:>>?|<)(?:&\d)?[ \t]*/.exec(this.#text.slice(this.#at, this.#at + 40));
    if (match === null) return false;
    this.#at += match[0].length;
    if (!match[0].includes('&')) this.#word();
    return true;
  }

  #addWord(word: string): void {
    const equals = word.indexOf('=');
    const name = word.slice(0, equals);
    if (this.#words.length === 0 && equals > 0 && NAME.test(name)) {
      const value = this.#given.has(name) ? this.#known.get(name)! : word.slice(equals + 1);
      this.#environment[name] = value;
      return;
    }
    this.#words.push(word);
  }

  /** Assignments without a command, and `export`, hold for what follows. */
  #endCommand(): void {
    const [first, ...rest] = this.#words;
    if (first === undefined || first === 'export') {
      for (const word of rest) {
        const equals = word.indexOf('=');
        if (equals > 0) this.#environment[word.slice(0, equals)] = word.slice(equals + 1);
      }
      for (const [name, value] of Object.entries(this.#environment)) {
        if (!this.#given.has(name)) this.#known.set(name, value);
      }
    } else {
      const environment = { ...Object.fromEntries(this.#known), ...this.#environment };
      this.#commands.push({ environment, words: this.#words });
    }
    this.#environment = {};
    this.#words = [];
  }

  #word(): string {
    let word = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      if (char === ' ' || char === '\t' || SEPARATORS.has(char)) break;
      if (char === "'") word += this.#singleQuoted();
      else if (char === '"') word += this.#doubleQuoted();
      else if (char === '$') word += this.#variable();
      else if (char === '`') throw this.#unknowable('`...`');
      else if (char === '\\') {
        if (this.#text[this.#at + 1] !== '\n') word += this.#text[this.#at + 1] ?? '';
        this.#at += 2;
      } else {
        word += char;
        this.#at++;
      }
    }
    return word;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#unclosed("'");
    const inner = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inner;
  }

  #doubleQuoted(): string {
    let inner = '';
    for (this.#at++; this.#text[this.#at] !== '"'; ) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#unclosed('"');
      if (char === '$') {
        inner += this.#variable();
        continue;
      }
      if (char === '`') throw this.#unknowable('`...`');
      if (char === '\\' && '"\\$`\n'.includes(this.#text[this.#at + 1] ?? ' ')) {
        this.#at++;
        if (this.#text[this.#at] !== '\n') inner += this.#text[this.#at];
      } else inner += char;
      this.#at++;
    }
    this.#at++;
    return inner;
  }

  /** `$NAME`, `${NAME}`, `${NAME:-default}`. */
  #variable(): string {
    const rest = this.#text.slice(this.#at);
    const match = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^}]*))?\})/.exec(rest);
    if (match === null) {
      if (!/^\$[({A-Za-z@*#?!$0-9]/.test(rest)) {
        this.#at++;
        return '$';
      }
      throw this.#unknowable(/^\$(?:\([^)]*\)|\{[^}]*\}|.)/.exec(rest)![0]);
    }
    this.#at += match[0].length;
    const name = match[1] ?? match[2];
    const value = this.#known.get(name) ?? match[3];
    if (value !== undefined) return value;
    throw new InputError({
      message: `the variable ${name} is not set in this command`,
      hint: `give its value: --var ${name}=...`,
    });
  }

  #unknowable(what: string): InputError {
    return new InputError({
      message: `${what} cannot be known without running it`,
      hint: 'write out what it stands for',
    });
  }

  #unclosed(quote: string): InputError {
    return new InputError({ message: `a quote ${quote} is not closed: ${this.#text.slice(this.#at, this.#at + 40)}` });
  }
}

/** The word as a shell would have to be given it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

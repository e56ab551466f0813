import type { StudyStore } from '../study/store/studyStore.ts';
import { note } from './outputFiles.ts';
import { VERSION } from './version.ts';

/** Opens or creates the study a search is to keep its trials in, and says what of it cannot be used. */
export async function openStudy(file: string, quiet: boolean): Promise<StudyStore> {
  const [{ StudyStore }, { engineFingerprint }] = await Promise.all([
    import('../study/store/studyStore.ts'),
    import('../study/engineFingerprint.ts'),
  ]);
  const study = await StudyStore.open(file, { version: VERSION, engine: engineFingerprint() });
  for (const { version, count } of study.foreignTrials()) {
    note(
      quiet,
      `${file}: ${count} trials come from dynosim ${version} with other code; what is needed of them is computed anew`,
    );
  }
  return study;
}

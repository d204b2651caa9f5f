package io.weir.registry;

import java.io.Serializable;
import java.util.BitSet;

/**
 * How many of the last records of a task may become dead letters. Beyond it the job fails, so that
 * what it has not committed waits in Kafka instead of draining into the letters.
 *
 * @param pipeline its name, for messages
 * @param maxRatio the ratio as the pipeline file says it, for messages
 * @param maxLetters the most letters among the last records
 * @param windowEvents how many records those are
 */
public record LetterLimit(String pipeline, double maxRatio, int maxLetters, int windowEvents)
    implements Serializable {
  /** No limit. */
  public static final LetterLimit NONE = new LetterLimit("", 1, 0, 0);

  /** Starts counting, for one task. A restarted job counts anew. */
  public Window window() {
    return new Window(this);
  }

  /** The last records of one task. It is not thread-safe. */
  public static final class Window {
    private final LetterLimit limit;

    /** A ring: which of the last records are letters. */
    private final BitSet letters;

    private int next;
    private int count;

    private Window(LetterLimit limit) {
      this.limit = limit;
      this.letters = new BitSet(limit.windowEvents);
    }

    /** Counts a record that became a row. */
    public void event() {
      take(false);
    }

    /**
     * Counts a record that became a letter.
     *
     * @throws TooManyLettersException if that is one too many. Whatever follows, the full window
     *     would exceed the ratio, so a window that is not full yet counts as well.
     */
    public void letter(DecodeException failure) {
      take(true);
      if (limit.windowEvents > 0 && count > limit.maxLetters) {
        throw new TooManyLettersException(limit, count, failure);
      }
    }

    private void take(boolean isLetter) {
      if (limit.windowEvents == 0) {
        return;
      }
      if (letters.get(next)) {
        count--;
      }
      letters.set(next, isLetter);
      if (isLetter) {
        count++;
      }
      next = next + 1 == limit.windowEvents ? 0 : next + 1;
    }
  }

  /** Fails the job on purpose. */
  public static final class TooManyLettersException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private TooManyLettersException(LetterLimit limit, int count, DecodeException last) {
      super(
          "Pipeline %s: %d of the last %d records of this task became dead letters, above"
                  .formatted(limit.pipeline, count, limit.windowEvents)
              + " dead_letters.limit.max_ratio %s. The last one: %s. Fix the producer, the schema or"
                  .formatted(limit.maxRatio, last.getMessage())
              + " the pipeline file; to let the records pass as letters, raise the ratio or remove"
              + " dead_letters.limit. Nothing is lost: what was not committed as letters waits in"
              + " the source topic.");
    }
  }
}

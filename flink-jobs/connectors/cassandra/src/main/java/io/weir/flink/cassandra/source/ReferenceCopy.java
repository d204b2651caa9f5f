package io.weir.flink.cassandra.source;

import com.datastax.oss.driver.api.core.cql.Row;
import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.session.SharedSession;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of a whole table in memory, reloaded periodically by its own thread. All lookups of a JVM
 * with the same specification share one copy. Closing the last lease stops it.
 *
 * <p>A job does not start without a copy. A copy stays in use until a better one is complete: a
 * reload that fails, or that finds an empty table where there were rows, is counted and changes
 * nothing. The old and the new copy share unchanged rows, so a reload needs memory for one copy and
 * the changed rows.
 */
final class ReferenceCopy {
  private static final Logger LOG = LoggerFactory.getLogger(ReferenceCopy.class);
  private static final ConcurrentMap<LookupSpec, ReferenceCopy> COPIES = new ConcurrentHashMap<>();

  private final LookupSpec spec;
  private int leases;
  private Thread reloader;
  private SharedSession.Lease session;

  private volatile KeyIndex index;
  private volatile boolean stopped;
  private volatile long lastReloadEpochMillis;
  private volatile long failedReloads;
  private volatile long refusedEmptyReloads;
  private volatile long refusedRows;

  private ReferenceCopy(LookupSpec spec) {
    this.spec = spec;
  }

  /**
   * Returns the copy for this specification, loaded.
   *
   * @throws RuntimeException from the last attempt, if the first load fails
   * @throws InterruptedException if the job is cancelled meanwhile
   */
  static ReferenceCopy acquire(LookupSpec spec) throws InterruptedException {
    ReferenceCopy copy =
        COPIES.compute(
            spec,
            (key, known) -> {
              ReferenceCopy shared = known == null ? new ReferenceCopy(key) : known;
              shared.leases++;
              return shared;
            });
    try {
      copy.ensureLoaded();
      return copy;
    } catch (RuntimeException | InterruptedException e) {
      copy.release();
      throw e;
    }
  }

  /** Call it once for each successful {@link #acquire}. */
  void release() {
    COPIES.computeIfPresent(
        spec,
        (key, copy) -> {
          if (--copy.leases > 0) {
            return copy;
          }
          copy.stop();
          return null;
        });
  }

  private synchronized void stop() {
    stopped = true;
    if (reloader != null) {
      reloader.interrupt();
    }
    if (session != null) {
      session.close();
    }
  }

  /** All subtasks arrive at once; the first one loads and the others wait for it. */
  private synchronized void ensureLoaded() throws InterruptedException {
    if (index != null) {
      return;
    }
    RetryPolicy retry = spec.lookup().retryPolicy();
    for (int retries = 0; index == null; retries++) {
      try {
        swap(System.currentTimeMillis(), load());
      } catch (RuntimeException e) {
        if (!retry.shouldRetry(e, retries)) {
          throw e;
        }
        LOG.warn("The first load of {} failed, trying again: {}", name(), e.toString());
        Thread.sleep(retry.backoffMillis(retries));
      }
    }
    reloader = new Thread(this::keepReloading, "weir-reference-copy-" + name());
    reloader.setDaemon(true);
    reloader.start();
  }

  private void keepReloading() {
    try {
      while (!stopped) {
        Thread.sleep(spec.lookup().reloadInterval().toMillis());
        reload();
      }
    } catch (InterruptedException e) {
      LOG.debug("No more reloads of {}", name());
    }
  }

  private void reload() {
    try {
      long began = System.currentTimeMillis();
      KeyIndex loaded = load();
      if (loaded.rows() == 0 && index.rows() > 0 && !spec.lookup().allowEmptyReload()) {
        refusedEmptyReloads++;
        LOG.warn(
            "{} is empty now; the copy of {} rows stays in use. If it is meant to be empty, set"
                + " 'lookup.full-cache.allow-empty-reload' = 'true'.",
            name(),
            index.rows());
        return;
      }
      swap(began, loaded);
    } catch (RuntimeException e) {
      if (stopped) {
        return;
      }
      failedReloads++;
      LOG.warn("A reload of {} failed; the copy of {} rows stays in use", name(), index.rows(), e);
    }
  }

  private void swap(long began, KeyIndex loaded) {
    index = loaded;
    lastReloadEpochMillis = began;
  }

  private KeyIndex load() {
    if (session == null) {
      session = SharedSession.acquire(spec.source().session());
    }
    // Look up the schema for each load, because the table may have been replaced.
    RowReader reader = new RowReader(session, spec.source(), spec.columns());
    KeyIndex known = index;
    KeyIndex loaded =
        new KeyIndex(spec.keyPositions().stream().mapToInt(Integer::intValue).toArray());
    RowRanges ranges = new RowRanges(spec.lookup().ranges(), name -> reader.column(name).getType());
    for (Row row : session.cql().execute(reader.prepare("").bind())) {
      if (!ranges.admits(row)) {
        continue;
      }
      GenericRowData read = (GenericRowData) reader.read(row);
      loaded.add(known == null ? read : known.known(read));
    }
    if (ranges.refused() != refusedRows) {
      ranges.warn(name());
    }
    refusedRows = ranges.refused();
    return loaded;
  }

  private String name() {
    return spec.source().session().keyspace() + "." + spec.source().table();
  }

  /**
   * @param key the values of the join keys
   */
  Collection<RowData> lookup(GenericRowData key) {
    return index.get(key);
  }

  long rows() {
    return index.rows();
  }

  /** The time when the load of the current copy started: the copy contains all earlier changes. */
  long lastReloadEpochMillis() {
    return lastReloadEpochMillis;
  }

  long failedReloads() {
    return failedReloads;
  }

  /** Rows of the last load whose values are outside their ranges. */
  long refusedRows() {
    return refusedRows;
  }

  long refusedEmptyReloads() {
    return refusedEmptyReloads;
  }
}

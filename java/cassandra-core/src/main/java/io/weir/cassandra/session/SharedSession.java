package io.weir.cassandra.session;

import com.datastax.oss.driver.api.core.CqlSession;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One driver session per JVM and configuration, shared by all its users. A session owns connections
 * to every node and several threads, too many for each parallel writer and lookup. Closing the last
 * lease closes the session.
 */
public final class SharedSession {
  private static final ConcurrentMap<SessionConfig, SharedSession> OPEN = new ConcurrentHashMap<>();

  private static final Logger LOG = LoggerFactory.getLogger(SharedSession.class);
  private static final long CLOSE_TIMEOUT_SECONDS = 5;

  private final CqlSession cql;
  private final ScheduledExecutorService timer;
  private int leases;

  private SharedSession(SessionConfig config) {
    cql = SessionFactory.open(config);
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "weir-cassandra-timer-" + config.keyspace());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Returns a lease on the session of this configuration, and opens the session if necessary.
   *
   * @throws com.datastax.oss.driver.api.core.DriverException if no node can be reached or the login
   *     is refused
   * @throws IllegalArgumentException if the configuration is unusable (key store, password file,
   *     datacenter)
   */
  public static Lease acquire(SessionConfig config) {
    SharedSession shared =
        OPEN.compute(
            config,
            (key, open) -> {
              SharedSession session = open == null ? new SharedSession(key) : open;
              session.leases++;
              return session;
            });
    return new Lease(config, shared);
  }

  private static void release(SessionConfig config) {
    OPEN.computeIfPresent(
        config,
        (key, session) -> {
          if (--session.leases > 0) {
            return session;
          }
          session.shutDown();
          return null;
        });
  }

  /**
   * Waits for the driver's threads, because they may run classes that are unloaded with the job.
   * Does not wait for requests: nobody needs their results any more.
   */
  private void shutDown() {
    timer.shutdownNow();
    try {
      cql.forceCloseAsync().toCompletableFuture().get(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The Cassandra session did not close cleanly: {}", e.toString());
    }
  }

  /** The right to use a shared session until the lease is closed. */
  public static final class Lease implements AutoCloseable {
    private final SessionConfig config;
    private final SharedSession shared;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Lease(SessionConfig config, SharedSession shared) {
      this.config = config;
      this.shared = shared;
    }

    public CqlSession cql() {
      return shared.cql;
    }

    /** Runs delayed retries. */
    public ScheduledExecutorService timer() {
      return shared.timer;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        release(config);
      }
    }
  }
}

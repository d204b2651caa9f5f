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
 * One driver session per JVM and configuration, shared by all that use it: a session owns
 * connections to every node and several threads, far too much for each parallel writer and lookup.
 * The last one to close its lease closes it.
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
   * Opens the session of this configuration, or joins it when it is open already.
   *
   * @throws com.datastax.oss.driver.api.core.DriverException if no node can be reached or the
   *     log-in is refused
   * @throws IllegalArgumentException if the configuration cannot be used (key store, password file,
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
   * Waits for the driver's threads, which may be running on classes that are unloaded with the job;
   * but not for requests: nobody is left to hear of them.
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

  /** The right to use a shared session until it is closed. */
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

    /** For retries that are due later. */
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
